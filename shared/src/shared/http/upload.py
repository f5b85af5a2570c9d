"""Files in a form: `multipart/form-data`, read from the body that the edge has bounded."""

from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Depends
from pydantic import BaseModel, TypeAdapter, ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from shared.errors import Invalid, ParseFailed, UnsupportedMedia
from shared.http.body import media_name, raw_body
from shared.http.messages import field_errors

FORM: Final = b"multipart/form-data"
FILE: Final = "file"
NO_FILE: Final = "No file was submitted."
NO_NAME: Final = "The submitted data was not a file. Check the encoding type on the form."
MAX_PARTS: Final = 32


@dataclass(slots=True)
class Form:
    """A form with one file: its bytes, and the other fields as they were typed."""

    file: bytes = b""
    fields: dict[str, str] = field(default_factory=dict)

    def read(self, model: type[BaseModel]) -> Any:  # noqa: ANN401 - a *model*
        """Return the fields as a *model*; blank ones count as absent. Raises `Invalid`."""
        given = {name: value for name, value in self.fields.items() if value.strip()}
        try:
            return TypeAdapter(model).validate_strings(given)
        except ValidationError as error:
            raise Invalid(field_errors(error.errors(include_url=False), given)) from None


class UploadForm:
    """The dependency behind `uploaded`; it also tells the document what the form looks like."""

    def __init__(self, description: str, example: str, fields: type[BaseModel] | None) -> None:
        """Take a file like *example*, which *description* explains, beside the *fields*."""
        self.description = description
        self.example = example
        self.fields = fields

    async def __call__(self, request: Request) -> Form:
        """Return the form. Raises `UnsupportedMedia`, `ParseFailed`, `Invalid`."""
        raw = await raw_body(request)
        kind, options = parse_options_header(raw.media_type or "")
        if kind != FORM:
            message = f'Unsupported media type "{media_name(raw.media_type)}" in request.'
            raise UnsupportedMedia(message)
        return _parsed(bytes(raw), options.get(b"boundary", b""))


def uploaded(description: str, example: str, fields: type[BaseModel] | None = None) -> Any:  # noqa: ANN401 - what FastAPI's markers return
    """Take a form that holds a file; stands in `Annotated[Form, …]`."""
    return Depends(UploadForm(description, example, fields))


def _parsed(body: bytes, boundary: bytes) -> Form:
    parts = _Parts()
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError):
        parts.is_complete = False
    if not parts.is_complete:
        message = "Multipart form parse error - the body is not a complete form."
        raise ParseFailed(message)
    if FILE in parts.form.fields:
        raise Invalid.field(FILE, NO_NAME)
    if not parts.has_file:
        raise Invalid.field(FILE, NO_FILE)
    return parts.form


class _Parts:
    """Collects what the parser finds."""

    def __init__(self) -> None:
        self.form = Form()
        self.has_file = False
        self.is_complete = False
        self._count = 0
        self._name = bytearray()
        self._value = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._data = bytearray()

    def callbacks(self) -> Any:  # noqa: ANN401 - a mapping of the parser's own type
        """Return what the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._keep_header,
            "on_part_data": lambda data, start, end: self._data.extend(data[start:end]),
            "on_part_end": self._end,
            "on_end": self._complete,
        }

    def _begin(self) -> None:
        self._count += 1
        if self._count > MAX_PARTS:
            message = "too many parts"
            raise ValueError(message)
        self._headers = {}
        self._data = bytearray()

    def _keep_header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode(errors="replace")
        if b"filename" not in options:
            self.form.fields[name] = self._data.decode(errors="replace")
        elif name == FILE:
            self.has_file = True
            self.form.file = bytes(self._data)

    def _complete(self) -> None:
        self.is_complete = True
