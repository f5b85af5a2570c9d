"""What auth takes in and gives out."""

import re
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints

from auth.domain.users import NAME_LENGTH, STUDENT, Role, flaw_of
from auth.models import User
from shared.http.fields import Id, Input, NoNul, Text
from shared.http.messages import refusal

MAX_SECRET: Final = 1024
"""No longer password is looked at; which ones may be chosen is a rule of its own."""
MAX_TOKEN: Final = 8192
LOOKUP_LIMIT: Final = 5000
_WHOLE: Final = re.compile(r"\s*[+-]?\d{1,19}\s*", re.ASCII)


def _username(text: str) -> str:
    flaw = flaw_of(text)
    if flaw is not None:
        raise refusal(flaw)
    return text


def _from_digits(value: object) -> object:
    """Take a number written as a string, as DRF does: clients send chat ids so."""
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value


Username = Annotated[str, Text(NAME_LENGTH), AfterValidator(_username)]
FullName = Annotated[str, Text(255)]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=MAX_SECRET), NoNul]
Phone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=32),
    NoNul,
    Field(examples=["+998901234567"]),
]
ChatId = Annotated[int, Field(ge=-(2**63), le=2**63 - 1, examples=[70000001])]
Digits = Annotated[str, Field(pattern=r"^[+-]?\d{1,19}$")]
TelegramId = Annotated[
    ChatId, BeforeValidator(_from_digits, json_schema_input_type=ChatId | Digits)
]


class Credentials(Input):
    """Who wants to come in."""

    username: Annotated[str, Text(MAX_SECRET)] = Field(examples=["admin"])
    password: Secret = Field(examples=["Sirli-parol-26"])


class RefreshIn(Input):
    """A refresh token, to be exchanged or ended."""

    refresh: Annotated[str, Text(MAX_TOKEN)] = Field(examples=["<JWT refresh token>"])


class PasswordChange(Input):
    """The old password and the new one."""

    old_password: Secret = Field(examples=["Sirli-parol-26"])
    new_password: Secret = Field(examples=["Yangi-parol-27"])


class UserCreate(Input):
    """A new user."""

    username: Username = Field(examples=["ali.valiyev"])
    password: Secret = Field(examples=["Sirli-parol-26"])
    role: Role = Field(examples=["student"])
    full_name: FullName = Field(examples=["Ali Valiyev"])
    telegram_id: TelegramId | None = None
    phone: Phone | None = None


class UserRow(UserCreate):
    """A row of a file of users; without a role it is a student."""

    role: Role = STUDENT


def _untold(schema: dict[str, Any]) -> None:
    """Leave the default out: it stands for an absent password and would not be accepted."""
    schema.pop("default", None)


class UserUpdate(Input):
    """A user's fields; absent ones that are not required stay as they are."""

    username: Username = Field(examples=["ali.valiyev"])
    password: Secret = Field(default="", json_schema_extra=_untold)
    role: Role = Field(examples=["student"])
    full_name: FullName = Field(examples=["Ali Valiyev"])
    telegram_id: TelegramId | None = None
    phone: Phone | None = None
    is_active: bool = True


class UserLookup(Input):
    """The ids another service asks for."""

    ids: Annotated[list[Id], Field(max_length=LOOKUP_LIMIT)]


class TokenPairOut(BaseModel):
    """An access token and the refresh token that goes with it."""

    access: str = Field(examples=["<JWT access token>"])
    refresh: str = Field(examples=["<JWT refresh token>"])


class LoginUserOut(BaseModel):
    """Who has signed in."""

    id: int = Field(examples=[1])
    username: str = Field(examples=["admin"])
    role: Role = Field(examples=["owner"])
    full_name: str = Field(examples=["Ali Valiyev"])


class LoginOut(BaseModel):
    """The answer to a login."""

    tokens: TokenPairOut
    user: LoginUserOut


class UserOut(BaseModel):
    """A user, without the password."""

    id: int = Field(examples=[10])
    username: str = Field(examples=["ali.valiyev"])
    role: Role = Field(examples=["student"])
    full_name: str = Field(examples=["Ali Valiyev"])
    telegram_id: int | None = Field(examples=[70000001])
    phone: str | None = Field(examples=["+998901234567"])
    is_active: bool = Field(examples=[True])
    created_at: datetime = Field(examples=["2026-02-20T10:00:00Z"])


USER_FIELDS: Final = tuple(UserOut.model_fields)


def user_out(user: User | Any) -> dict[str, Any]:  # noqa: ANN401 - or a row of the same columns
    """Return *user* as the answer shows him."""
    return {name: getattr(user, name) for name in USER_FIELDS}
