"""Why settings are refused, for tests of what is refused at start."""

from collections.abc import Callable

from pydantic import ValidationError


def refusal_of(settings: Callable[..., object], **values: object) -> str:
    """Return why *values* are refused, empty when they are taken."""
    try:
        settings(**values)
    except ValidationError as error:
        return str(error)
    return ""
