"""The rules of exams: codes, what a question must hold, orders, titles, and when guessing ends."""

import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Final, Literal

CODE_ALPHABET: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without O, I and L, which are read as 0 and 1; 0 and 1 are left out with them."""
CODE_LENGTH: Final = 6
CODE_TRIES: Final = 20

TITLE_LENGTH: Final = 255
SUBJECT_NAME_LENGTH: Final = 200
"""Folded it may grow to twelve bytes a character; an index of PostgreSQL takes 2700."""
DESCRIPTION_LENGTH: Final = 10_000
QUESTION_LENGTH: Final = 10_000
OPTION_LENGTH: Final = 2_000
TIME_LIMIT_MAX: Final = 100_000
QUESTION_LIMIT: Final = 300
OPTION_LIMIT: Final = 20
LEAST_OPTIONS: Final = 2
COPY_SUFFIX: Final = " (Nusxa)"

MISS_LIMIT: Final = 10
CLOCK_LEEWAY: Final = timedelta(seconds=60)
"""So far apart the clocks of two processes may be."""
MISS_WINDOW: Final = timedelta(minutes=5)

QuestionType = Literal["test", "written"]


@dataclass(frozen=True, slots=True)
class OptionDraft:
    """An option as its author wrote it; without an order its place in the list is its order."""

    text: str
    is_correct: bool = False
    order: int | None = None


@dataclass(frozen=True, slots=True)
class QuestionDraft:
    """A question as its author wrote it; without an order its place in the list is its order."""

    text: str
    type: QuestionType
    order: int | None = None
    written_answer_sample: str | None = None
    options: Sequence[OptionDraft] = ()


def new_code() -> str:
    """Draw a code that nobody can guess from the ones before."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def code_of(entered: str) -> str | None:
    """Return the code a student means, whatever the case and spaces around; None if it is none."""
    code = entered.strip().upper()
    if len(code) != CODE_LENGTH or any(letter not in CODE_ALPHABET for letter in code):
        return None
    return code


def fault_of_options(kind: QuestionType, are_correct: Iterable[bool]) -> str | None:
    """Say what is wrong with the options of a question: only a test one depends on them."""
    if kind != "test":
        return None
    correct = list(are_correct)
    if len(correct) < LEAST_OPTIONS:
        return f"A test question needs at least {LEAST_OPTIONS} options."
    if not any(correct):
        return "A test question needs at least one correct option."
    return None


def arranged(questions: Sequence[QuestionDraft]) -> list[QuestionDraft]:
    """Give every question and option without an order the number of its place, from 1."""
    return [
        replace(
            question,
            order=place if question.order is None else question.order,
            options=[
                replace(option, order=seat if option.order is None else option.order)
                for seat, option in enumerate(question.options, 1)
            ],
        )
        for place, question in enumerate(questions, 1)
    ]


def title_of_copy(title: str) -> str:
    """Mark the title of a copy; a long one is cut so that the mark still fits."""
    return title[: TITLE_LENGTH - len(COPY_SUFFIX)].rstrip() + COPY_SUFFIX


def folded(text: str) -> str:
    """Return *text* as it is compared: without regard to case, on every database alike."""
    return unicodedata.normalize("NFC", text).casefold()


def recent_misses(misses: Iterable[datetime], now: datetime) -> list[datetime]:
    """
    Return the misses that still count, oldest first, at most as many as the limit.

    Those to come were counted by a clock that has gone back since: they keep nobody out.
    """
    earliest, latest = now - MISS_WINDOW, now + CLOCK_LEEWAY
    return sorted(miss for miss in misses if earliest < miss <= latest)[-MISS_LIMIT:]


def seconds_to_wait(misses: Iterable[datetime], now: datetime) -> int:
    """Return after how many seconds another code may be tried; 0 means now."""
    counted = recent_misses(misses, now)
    if len(counted) < MISS_LIMIT:
        return 0
    left = counted[0] + MISS_WINDOW - now
    return max(1, min(ceil(left.total_seconds()), int(MISS_WINDOW.total_seconds())))
