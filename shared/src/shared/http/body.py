"""Bodies: from bytes to a checked model, strictly, with errors in the words of DRF."""

import contextlib
import re
from copy import copy
from functools import cache
from typing import Annotated, Any, Final, TypeVar, cast

import orjson
from fastapi import Depends
from pydantic import BaseModel, TypeAdapter, ValidationError, create_model
from starlette.requests import Request
from typing_extensions import override

from shared.errors import Invalid, ParseFailed, UnsupportedMedia
from shared.http import messages

Model = TypeVar("Model", bound=BaseModel)

_JSON_TYPE: Final = re.compile(r"\s*application/json\s*(;.*)?", re.IGNORECASE | re.DOTALL)
_MEDIA_TYPE: Final = re.compile(r"\s*([\w.+-]{1,60}/[\w.+-]{1,60})", re.ASCII)
BODY_KEY: Final = "hpa.body"


class Raw(bytes):
    """A body as it came, before anybody looked at it; `parse` judges its media type first."""

    media_type: str | None


def JsonBody(  # noqa: N802 - reads as a marker: Annotated[ExamCreate, JsonBody(ExamCreate)]
    model: type[BaseModel], *, partial: bool = False, many: int = 0
) -> Any:  # noqa: ANN401 - what FastAPI's own markers return
    """
    Take the body as *model*: 415, then 400 for what is no JSON, then the errors of the fields.

    With `partial` no field is required (`body.model_fields_set` says what came); with `many` an
    array of at most that many models is taken too and arrives as a list.
    """
    return Depends(BodyParser(model, partial=partial, many=many))


def RawJson(  # noqa: N802 - reads as a marker: Annotated[Raw, RawJson(ExamUpdate)]
    model: type[BaseModel], *, partial: bool = False, many: int = 0
) -> Any:  # noqa: ANN401 - what FastAPI's own markers return
    """Take the body unread, for routes whose 404 comes first; hand it to `parse` later."""
    return Depends(RawBody(model, partial=partial, many=many))


def parse(model: type[Model], raw: bytes, *, partial: bool = False) -> Model:
    """Check *raw* as a *model*. Raises `UnsupportedMedia`, `ParseFailed` or `Invalid`."""
    return cast("Model", _checked(_shape(model, partial=partial), loads(raw)))


def check(model: type[Model], data: object) -> Model:
    """Check *data*, which was no JSON, as a *model*. Raises `Invalid`."""
    return cast("Model", _checked(_shape(model, partial=False), data))


def loads(raw: bytes) -> object:
    """
    Read JSON strictly: no NaN, infinities, lone surrogates, invalid UTF-8 or endless nesting.

    An empty body counts as `{}`, whatever its media type, as in DRF.
    """
    if not raw:
        return {}
    media_type = getattr(raw, "media_type", "application/json")
    if media_type is None or not _JSON_TYPE.fullmatch(media_type):
        message = f'Unsupported media type "{media_name(media_type)}" in request.'
        raise UnsupportedMedia(message)
    try:
        return orjson.loads(memoryview(raw))  # orjson takes bytes, but no subclass of it
    except orjson.JSONDecodeError as error:
        message = f"JSON parse error - {error}"
        raise ParseFailed(message) from None


def media_name(media_type: str | None) -> str:
    """Return the name of a media type that may be shown: without parameters, and short."""
    shown = _MEDIA_TYPE.match(media_type or "")
    return shown[1] if shown else ""


async def raw_body(request: Request) -> Raw:
    """Return the body the middleware has read."""
    content = request.scope.get(BODY_KEY)
    raw = Raw(await request.body() if content is None else content)
    found = (value for name, value in request.scope["headers"] if name == b"content-type")
    media_type = next(found, None)
    raw.media_type = None if media_type is None else media_type.decode("latin-1")
    return raw


class RawBody:
    """The dependency behind `RawJson`; it also tells the document what the body looks like."""

    def __init__(self, model: type[BaseModel], *, partial: bool, many: int) -> None:
        """Prepare the validator once, at import."""
        self.model = model
        self.partial = partial
        self.many = many
        self.shape = _shape(model, partial=partial)
        self.documented = partial_of(model) if partial else model
        """The model the document shows."""

    async def __call__(self, request: Request) -> Any:  # noqa: ANN401 - Raw, or the model below
        """Return the body unread."""
        return await raw_body(request)


class BodyParser(RawBody):
    """The dependency behind `JsonBody`."""

    @override
    async def __call__(self, request: Request) -> Any:  # the model, or a list of it
        """Return the body as the model."""
        raw = await raw_body(request)
        if not self.many and raw.media_type == "application/json" and _is_plain(raw):
            with contextlib.suppress(ValidationError):  # what is wrong is said below, in full
                return self.shape.validate_json(raw)
        data = loads(raw)
        if self.many:
            return _one_or_many(self.shape, data, self.many)
        return _checked(self.shape, data)


def _is_plain(raw: bytes) -> bool:
    """Tell that Pydantic's own parser, twice as fast, will not let more pass than orjson does."""
    return bool(raw) and b"NaN" not in raw and b"Infinity" not in raw


def _one_or_many(shape: TypeAdapter[Any], data: object, limit: int) -> Any:  # noqa: ANN401
    if not isinstance(data, list):
        return _checked(shape, data)
    if len(data) > limit:
        raise Invalid({messages.ACROSS: [f"Ensure this field has no more than {limit} elements."]})
    parsed: list[Any] = []
    errors: list[object] = []
    for item in data:
        try:
            parsed.append(_checked(shape, item))
            errors.append({})
        except Invalid as error:
            errors.append(error.errors)
    if any(errors):
        raise Invalid(errors)
    return parsed


def _checked(shape: TypeAdapter[Any], data: object) -> Any:  # noqa: ANN401 - the model of *shape*
    try:
        return shape.validate_python(data)
    except ValidationError as error:
        raise Invalid(messages.field_errors(error.errors(include_url=False), data)) from None


@cache
def _shape(model: type[BaseModel], *, partial: bool) -> TypeAdapter[Any]:
    return TypeAdapter(partial_of(model) if partial else model)


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


@cache
def partial_of(model: type[BaseModel]) -> type[BaseModel]:
    """Return *model* with every field optional; what nested objects require stays required."""
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        optional = copy(field)
        if field.is_required():
            optional.default = None
        optional.json_schema_extra = _without_default  # what does not come stays as it is
        # Annotated wants something beside the type.
        fields[name] = (Annotated[field.annotation, *(field.metadata or (None,))], optional)
    return create_model(f"Patched{model.__name__}", __base__=model, **fields)
