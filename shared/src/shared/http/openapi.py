"""The service's OpenAPI 3.1 document: what FastAPI knows, and what our own markers say."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, get_args

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.errors import (
    DomainError,
    Forbidden,
    Invalid,
    InvalidToken,
    NotFound,
    ParseFailed,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)
from shared.http.body import RawBody
from shared.http.deps import PathId, RoleGuard, authenticate
from shared.http.errors import errors
from shared.http.pagination import Paging
from shared.http.upload import FILE, FORM, UploadForm
from shared.security.principal import ROLES

TEXTS: Final = {"type": "array", "items": {"type": "string"}}
BY_FIELD: Final = {"$ref": "#/components/schemas/ErrorsByField"}
COMPONENTS: Final[dict[str, Any]] = {
    "Detail": {
        "title": "Detail",
        "type": "object",
        "properties": {"detail": {"type": "string"}},
        "required": ["detail"],
    },
    "TokenError": {
        "title": "TokenError",
        "type": "object",
        "properties": {
            "detail": {"type": "string"},
            "code": {"type": "string", "enum": ["token_not_valid", "user_inactive"]},
            "messages": {
                "type": "array",
                "items": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
        "required": ["detail", "code"],
    },
    "FieldErrors": {
        "title": "FieldErrors",
        "description": "Sentences by field; nested objects and lists mirror the input.",
        "anyOf": [BY_FIELD, {"type": "array", "items": BY_FIELD}],
    },
    # Not a reference to itself, which generators of clients cannot read.
    "ErrorsByField": {
        "title": "ErrorsByField",
        "type": "object",
        "additionalProperties": {
            "anyOf": [
                TEXTS,
                {"type": "array", "items": {}},
                {"type": "object", "additionalProperties": {}},
            ]
        },
    },
    "Refusal": {
        "title": "Refusal",
        "type": "object",
        "properties": {"error": {"type": "string"}},
        "required": ["error"],
    },
}
BEARER: Final = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
PAGE_HEADERS: Final = {
    "X-Total-Count": {"schema": {"type": "integer"}, "description": "With a limit: how many."},
    "Link": {"schema": {"type": "string"}, "description": "With a limit: the other pages."},
}
ID_SCHEMA: Final = {"type": "integer", "format": "int64", "minimum": 1, "maximum": 2**63 - 1}


def document(app: FastAPI, service: str, routers: Sequence[APIRouter]) -> dict[str, Any]:
    """Describe the public *routers* of *app*; internal and health routes are nobody's business."""
    routes = [
        route
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute) and route.include_in_schema
    ]
    found = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=routes,
    )
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    found["components"]["securitySchemes"] = {"bearer": BEARER}
    for model in {model for route in routes for model in _models_of(route.response_model)}:
        schemas[model.__name__].update(_examples_of(model))
    bodies = _Bodies()
    seen: set[str] = set()
    for route in routes:
        for method in sorted(route.methods or ()):
            operation = found["paths"][route.path_format][method.lower()]
            _describe(operation, route, bodies)
            operation["operationId"] = _operation_id(service, route, method, seen)
    for name, schema in [*bodies.schemas(), *COMPONENTS.items()]:
        if schemas.setdefault(name, schema) != schema:
            message = f"two different schemas are named {name}"
            raise ValueError(message)
    found["components"]["schemas"] = dict(sorted(schemas.items()))
    return found


def _models_of(answered: object) -> Iterator[type[BaseModel]]:
    """Return the models that a response model like `list[X]` or `X | Y` consists of."""
    if isinstance(answered, type) and issubclass(answered, BaseModel):
        yield answered
    for part in get_args(answered):
        yield from _models_of(part)


def _examples_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the examples of *model* as they were written: FastAPI drops the nulls in them."""
    extra = model.model_config.get("json_schema_extra")
    return {"examples": extra["examples"]} if isinstance(extra, dict) and extra else {}


def roles_of(route: APIRoute) -> list[str] | None:
    """Return the roles that may call *route*, or None when everybody may without a token."""
    calls = list(_calls(route.dependant))
    guards = [call for call in calls if isinstance(call, RoleGuard)]
    if guards:
        return sorted(frozenset.intersection(*(guard.roles for guard in guards)))
    return sorted(ROLES) if authenticate in calls else None


def _calls(dependant: Dependant) -> Iterator[Any]:
    for sub in dependant.dependencies:
        yield sub.call
        yield from _calls(sub)


def _operation_id(service: str, route: APIRoute, method: str, seen: set[str]) -> str:
    name = f"{service}_{route.endpoint.__name__}"
    if name in seen or len(route.methods or ()) > 1:
        name = f"{name}_{method.lower()}"
    if name in seen:
        message = f"two operations are named {name}"
        raise ValueError(message)
    seen.add(name)
    return name


def _describe(operation: dict[str, Any], route: APIRoute, bodies: "_Bodies") -> None:
    calls = list(_calls(route.dependant))
    roles = roles_of(route)
    operation["summary"] = operation["summary"].capitalize()
    operation["security"] = [] if roles is None else [{"bearer": []}]
    if roles is not None:
        operation["x-roles"] = roles
    own = [*_path_parameters(route, calls), *_told_parameters(calls)]
    parameters = {one["name"]: one for one in (*own, *operation.get("parameters", ()))}
    parameters |= {one["name"]: one for one in own}
    if parameters:
        operation["parameters"] = [
            {"description": _purpose_of(one), **one} for one in parameters.values()
        ]
    for call in calls:
        if isinstance(call, RawBody):
            operation["requestBody"] = bodies.request_body(call)
        if isinstance(call, UploadForm):
            operation["requestBody"] = _form(call)
    responses = operation["responses"]
    responses.pop("422", None)
    if any(isinstance(call, Paging) for call in calls):
        responses["200"]["headers"] = PAGE_HEADERS
    takes_query = any(one["in"] == "query" for one in operation.get("parameters", []))
    for status, response in errors(*_refusals(calls, roles, takes_query=takes_query)).items():
        _merge(responses.setdefault(str(status), {}), response)
    operation["responses"] = dict(sorted(responses.items()))


def _purpose_of(parameter: dict[str, Any]) -> str:
    """Say what a parameter does that its route says nothing of: it is an id, or it filters."""
    name = parameter["name"]
    if parameter["in"] == "path":
        return f"The id of the {name.removesuffix('_id').replace('_', ' ')}."
    bounds = {"date_from": "Only from this day on.", "date_to": "Only up to this day."}
    return bounds.get(name, f"Only those whose `{name}` is this.")


def _refusals(
    calls: list[Any], roles: list[str] | None, *, takes_query: bool
) -> Iterator[type[DomainError]]:
    if roles is not None:
        yield from (Unauthenticated, InvalidToken)
        if len(roles) < len(ROLES):
            yield Forbidden
    absent = [call.absent for call in calls if isinstance(call, PathId)]
    yield from absent[:1] or ([NotFound] if absent else [])
    takes_body = any(isinstance(call, RawBody | UploadForm) for call in calls)
    if takes_body or takes_query:
        yield Invalid
    if takes_body:
        yield from (ParseFailed, TooLarge, UnsupportedMedia)
    yield Unavailable


def _merge(into: dict[str, Any], response: dict[str, Any]) -> None:
    """Add another way to fail to a response that has some already."""
    if "content" not in into:
        into.update(response)
        return
    old = into["content"].setdefault("application/json", {})
    new = response["content"]["application/json"]
    schemas = [one for part in (old, new) for one in _alternatives(part.get("schema", {}))]
    unique = [one for place, one in enumerate(schemas) if one not in schemas[:place]]
    old["schema"] = unique[0] if len(unique) == 1 else {"anyOf": unique}
    old["examples"] = {**new["examples"], **old.get("examples", {})}


def _alternatives(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = schema.get("anyOf", [schema] if schema else [])
    return found


def _path_parameters(route: APIRoute, calls: list[Any]) -> Iterator[dict[str, Any]]:
    ids = {call.name for call in calls if isinstance(call, PathId)}
    for name in route.param_convertors:
        schema = ID_SCHEMA if name in ids else {"type": "string"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _told_parameters(calls: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield what dependencies read by themselves from query and headers, and say so."""
    for call in calls:
        yield from getattr(call, "parameters", ())


def _form(upload: UploadForm) -> dict[str, Any]:
    """Describe a form: its file, and its other fields."""
    fields = upload.fields.model_json_schema() if upload.fields else {}
    file = {
        "type": "string",
        "format": "binary",
        "description": upload.description,
        "examples": [upload.example],
    }
    schema = {
        "type": "object",
        "properties": {FILE: file, **fields.get("properties", {})},
        "required": [FILE, *fields.get("required", ())],
    }
    return {"required": True, "content": {FORM.decode(): {"schema": schema}}}


class _Bodies:
    """The models of request bodies and their names among the components."""

    def __init__(self) -> None:
        self._models: dict[str, type[BaseModel]] = {}

    def request_body(self, body: RawBody) -> dict[str, Any]:
        """Return what the operation says, and remember the model."""
        model = body.documented
        if self._models.setdefault(model.__name__, model) is not model:
            message = f"two different models are named {model.__name__}"
            raise ValueError(message)
        one = {"$ref": f"#/components/schemas/{model.__name__}"}
        array = {"type": "array", "items": one, "maxItems": body.many}
        schema = {"anyOf": [one, array]} if body.many else one
        # A change of nothing needs no body.
        return {"required": not body.partial, "content": {"application/json": {"schema": schema}}}

    def schemas(self) -> Iterator[tuple[str, Any]]:
        """Return the components: the models and what they refer to."""
        _, found = models_json_schema(
            [(model, "validation") for model in self._models.values()],
            ref_template="#/components/schemas/{model}",
        )
        yield from found.get("$defs", {}).items()
