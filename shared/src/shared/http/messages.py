"""What Pydantic found wrong, said in the words of Django REST Framework; never with the input."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, get_args

from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ErrorType

REQUIRED: Final = "This field is required."
NULL: Final = "This field may not be null."
NUL: Final = "Null characters are not allowed."
BLANK: Final = "This field may not be blank."
INTEGER: Final = "A valid integer is required."
NUMBER: Final = "A valid number is required."
STRING: Final = "Not a valid string."
BOOLEAN: Final = "Must be a valid boolean."
DAY: Final = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
CHOICE: Final = "Not a valid choice."
EMPTY_LIST: Final = "This list may not be empty."
ACROSS: Final = "non_field_errors"

Context = Mapping[str, Any]
Say = Callable[[Context, Any], str]


def _long(unit: str) -> Say:
    return lambda ctx, _: f"Ensure this field has no more than {ctx['max_length']} {unit}."


def _short(unit: str, blank: str) -> Say:
    def say(ctx: Context, _: object) -> str:
        least = ctx["min_length"]
        return blank if least == 1 else f"Ensure this field has at least {least} {unit}."

    return say


def _bound(words: str, key: str) -> Say:
    return lambda ctx, _: f"Ensure this value is {words} {_number(ctx[key])}."


def _number(bound: float) -> str:
    return str(int(bound) if bound == int(bound) else bound)


def _list(_: Context, value: object) -> str:
    return f'Expected a list of items but got type "{type(value).__name__}".'


def _object(_: Context, value: object) -> str:
    return f"Invalid data. Expected a dictionary, but got {type(value).__name__}."


def _const(text: str) -> Say:
    return lambda _, __: text


SAY: Final[dict[str, Say]] = {
    "missing": _const(REQUIRED),
    **dict.fromkeys(("string_type", "string_unicode", "string_pattern_mismatch"), _const(STRING)),
    "string_too_long": _long("characters"),
    "string_too_short": _short("characters", BLANK),
    **dict.fromkeys(
        ("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _const(INTEGER)
    ),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), _const(NUMBER)),
    **dict.fromkeys(("bool_type", "bool_parsing"), _const(BOOLEAN)),
    "greater_than": _bound("greater than", "gt"),
    "greater_than_equal": _bound("greater than or equal to", "ge"),
    "less_than": _bound("less than", "lt"),
    "less_than_equal": _bound("less than or equal to", "le"),
    **dict.fromkeys(("literal_error", "enum"), _const(CHOICE)),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing"), _const(DAY)),
    "list_type": _list,
    "too_long": _long("elements"),
    "too_short": _short("elements", EMPTY_LIST),
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), _object),
}
KNOWN: Final = frozenset(get_args(ErrorType))
WHOLE: Final = frozenset(("model_type", "model_attributes_type", "dict_type"))


def refusal(sentence: str) -> PydanticCustomError:
    """Return what a validator raises to say *sentence*, which must not echo the input."""
    return PydanticCustomError("refused", "{sentence}", {"sentence": sentence})


def message_of(error: Mapping[str, Any]) -> str:
    """Return the sentence for one of Pydantic's errors."""
    kind, value = error["type"], error.get("input")
    context = error.get("ctx") or {}
    if kind in {"value_error", "assertion_error"}:
        return str(context.get("error", "Invalid value."))
    if kind not in KNOWN:  # raised by our own validators, which know not to echo
        return str(error["msg"])
    say = _const(NULL) if value is None and kind != "missing" else SAY.get(kind)
    return say(context, value) if say else "Invalid value."


def field_errors(found: Sequence[Mapping[str, Any]], body: object) -> dict[str, Any] | list[Any]:
    """Arrange Pydantic's errors like *body*: dicts by field, lists with `{}` for good items."""
    root = _Node()
    for error in found:
        node, value = root, body
        for step in error["loc"]:
            node, value = node.child(step, value), _inside(value, step)
        node.add(error)
    rendered: dict[str, Any] | list[Any] = root.render(top=True)
    return rendered


def _inside(value: object, step: object) -> object:
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


class _Node:
    """The errors of one value: its own, and those of what is inside it."""

    def __init__(self) -> None:
        self.own: list[str] = []
        self.whole = False
        self.children: dict[Any, _Node] = {}
        self.length = 0

    def child(self, step: object, value: object) -> "_Node":
        if isinstance(value, list):
            self.length = len(value)
        return self.children.setdefault(step, _Node())

    def add(self, error: Mapping[str, Any]) -> None:
        self.whole = self.whole or error["type"] in WHOLE
        message = message_of(error)
        if message not in self.own:
            self.own.append(message)

    def render(self, *, top: bool = False) -> Any:  # noqa: ANN401 - lists and dicts of any depth
        if not self.children:
            return {ACROSS: self.own} if top or (self.whole and NULL not in self.own) else self.own
        if all(isinstance(step, int) for step in self.children):
            return self._items()
        errors = {str(step): child.render() for step, child in self.children.items()}
        return {**errors, ACROSS: self.own} if self.own else errors

    def _items(self) -> list[Any]:
        children = self.children.values()
        if all(not child.children and not child.whole for child in children):
            # A list of plain values: one list of sentences for the field, each once.
            return list(dict.fromkeys([*self.own, *(text for one in children for text in one.own)]))
        items: list[Any] = [{} for _ in range(max(self.length, max(self.children) + 1))]
        for index, child in self.children.items():
            rendered = child.render()
            items[index] = {ACROSS: rendered} if isinstance(rendered, list) else rendered
        return items
