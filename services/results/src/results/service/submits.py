"""Submitting: all hand-ins that wait together are judged and stored in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from results import domain
from results.domain import Answer, ExamVersion, Graded
from results.errors import AlreadySubmitted, ExamClosed, ExamNotFound, KeyReused
from results.models import Result, ResultAnswer
from results.repository import exams as exams_repository
from results.repository import submits as repository
from results.service import rows
from results.service.exams import Versions
from shared.db.brief import Writing
from shared.errors import DomainError, Unavailable
from shared.events.outbox import emit


@dataclass(frozen=True, slots=True)
class Submission:
    """One hand-in as it arrived. `answers` may be the refusal that its body deserves."""

    exam_id: int
    student_id: int
    answers: Sequence[Answer] | DomainError
    fingerprint: str
    key: str | None = None
    traceparent: str = ""
    """The trace of its request: the transaction is shared with those of others."""
    asked: Literal["no", "yes", "in vain"] = "no"
    """Whether exams was asked about this exam after the hand-in had come, and answered."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a hand-in: bytes, because a retry with the same key gets the very same."""

    body: bytes
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Unsure:
    """The replica would refuse, or lacks the exam: exams must be asked first."""


Outcome = Accepted | Unsure | DomainError
UNSURE: Final = Unsure()


@dataclass(slots=True)
class _Graded:
    """A hand-in that passed every check, on its way into the tables."""

    place: int
    submission: Submission
    exam: Any
    graded: Graded


@dataclass(slots=True)
class _Known:
    """What the database holds of everything that a round of hand-ins speaks of."""

    keys: dict[tuple[int, str], tuple[str, bytes]]
    existing: dict[tuple[int, int], int]
    exams: dict[int, Any]
    questions: Mapping[tuple[int, int], ExamVersion]


async def submit_all(
    tx: Writing,
    submissions: Sequence[Submission],
    *,
    now: datetime,
    trusted: set[int],
    versions: Versions | None = None,
) -> list[Outcome]:
    """
    Judge each hand-in and store those accepted; the outcomes come in the same order.

    *trusted* are exams whose replica is known to be fresh, *versions* those kept ready. The order
    of checks: the key, an existing result, the exam's state, the answers. Of several by one student
    the first is stored, in whatever process, and the others are judged again, knowing of it.
    """
    outcomes: list[Outcome] = [UNSURE] * len(submissions)
    ready = versions or Versions()
    waiting = list(enumerate(submissions))
    while waiting:
        passed = await _judge(tx, waiting, outcomes, trusted, ready)
        first: dict[int, _Graded] = {}
        for one in passed:
            first.setdefault(one.submission.student_id, one)
        stored = await _store(tx, list(first.values()), outcomes, now) if first else set()
        waiting = [(one.place, one.submission) for one in passed if one.place not in stored]
    return outcomes


async def _judge(
    tx: Writing,
    waiting: Sequence[tuple[int, Submission]],
    outcomes: list[Outcome],
    trusted: set[int],
    ready: Versions,
) -> list[_Graded]:
    known = await _look_up(tx, [one for _, one in waiting], ready)
    passed: list[_Graded] = []
    for place, one in waiting:
        try:
            graded = _judge_one(one, known, trusted)
        except DomainError as refusal:
            outcomes[place] = refusal
            continue
        if isinstance(graded, Graded):
            passed.append(_Graded(place, one, known.exams[one.exam_id], graded))
        else:
            outcomes[place] = graded
    return passed


async def _look_up(tx: Writing, submissions: Sequence[Submission], ready: Versions) -> _Known:
    keys = [(one.student_id, one.key) for one in submissions if one.key]
    pairs = [(one.exam_id, one.student_id) for one in submissions]
    exams = await exams_repository.find_exams(tx, list({one.exam_id for one in submissions}))
    versions = [(exam.exam_id, exam.questions_version) for exam in exams.values()]
    # Results before keys: of a hand-in that another process commits in between, the key is seen.
    existing = await repository.find_existing(tx, list(dict.fromkeys(pairs)))
    return _Known(
        keys=await repository.find_keys(tx, list(dict.fromkeys(keys))),
        existing=existing,
        exams=exams,
        questions=await ready.find(tx, versions),
    )


def _judge_one(one: Submission, known: _Known, trusted: set[int]) -> Graded | Accepted | Unsure:
    """Grade a hand-in. Raises its refusal; an earlier answer or a doubt is returned."""
    if one.key and (used := known.keys.get((one.student_id, one.key))):
        return _replay(one, *used)
    if result_id := known.existing.get((one.exam_id, one.student_id)):
        raise AlreadySubmitted(result_id)
    exam = known.exams.get(one.exam_id)
    content = known.questions.get((one.exam_id, exam.questions_version)) if exam else None
    if not _is_sure(one, exam, content, trusted):
        return UNSURE
    return _grade(one, exam, content)


def _replay(one: Submission, fingerprint: str, response: bytes) -> Accepted:
    if fingerprint != one.fingerprint:
        raise KeyReused
    return Accepted(response, replayed=True)


def _is_sure(one: Submission, exam: Any, content: ExamVersion | None, trusted: set[int]) -> bool:  # noqa: ANN401 - a row
    """
    Tell whether the replica's word may be given.

    After exams has answered, always. Before, only to accept, from a replica that is fresh. With
    exams away, only to accept: a refusal could be false, so it is 503 instead.
    """
    if one.asked == "yes":
        return True
    open_for_submit = (
        exam is not None
        and content is not None
        and exam.announced_version <= exam.version
        and exam.is_published
        and exam.is_active
        and not exam.is_deleted
    )
    if one.asked == "in vain" and not open_for_submit:
        raise Unavailable
    return open_for_submit and (one.asked == "in vain" or one.exam_id in trusted)


def _grade(one: Submission, exam: Any, content: ExamVersion | None) -> Graded:  # noqa: ANN401 - a row
    if exam is None or exam.is_deleted:
        raise ExamNotFound
    if not (exam.is_published and exam.is_active):
        raise ExamClosed
    if content is None:
        raise ExamNotFound
    if isinstance(one.answers, DomainError):
        raise one.answers
    return domain.grade(content, one.answers)


async def _store(
    tx: Writing, passed: list[_Graded], outcomes: list[Outcome], now: datetime
) -> set[int]:
    """Store hand-ins; return the places of those stored: the key decides, not what was judged."""
    passed.sort(key=lambda one: (one.submission.exam_id, one.submission.student_id))
    ids = await repository.take_ids(tx, Result, len(passed))
    new = [
        rows.result_row(one.submission.student_id, one.exam, one.graded, result_id, now)
        for one, result_id in zip(passed, ids, strict=True)
    ]
    # All processes in the same order, or two would wait for each other.
    added = await repository.add_results(tx, new)
    # Whom another process was faster with is left out, and judged again.
    stored = [pair for pair in zip(passed, new, strict=True) if pair[1]["id"] in added]
    count = sum(len(one.graded.answers) for one, _ in stored)
    answer_ids = iter(await repository.take_ids(tx, ResultAnswer, count))
    answers, keys = [], []
    for one, result in stored:
        own = [
            rows.answer_row(given, result["id"], next(answer_ids)) for given in one.graded.answers
        ]
        answers += own
        body = rows.response_of(result, own)
        outcomes[one.place] = Accepted(body)
        if one.submission.key:
            keys.append(rows.key_row(result, one.submission.key, one.submission.fingerprint, body))
    await repository.add_answers(tx, answers)
    if len(await repository.add_keys(tx, keys)) < len(keys):
        raise KeyReused  # the same key on two exams in two processes at once: nothing is stored
    traces = [one.submission.traceparent for one, _ in stored]
    await emit(tx, *(rows.event_of(result) for _, result in stored), traces=traces)
    return {one.place for one, _ in stored}
