"""Read your own writes: results knows of a change before its author is answered."""

from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import pytest

from exams.settings import Settings
from services.exams.tests.fake_results import SECRET, FakeResults, listening
from services.exams.tests.people import Person, exam_body, question

LEASE_SECONDS = 0.25
"""For as long results goes by a word of exams."""


@pytest.fixture
def results() -> FakeResults:
    return FakeResults()


@pytest.fixture
def settings(settings_kwargs: dict[str, Any], results: FakeResults) -> Settings:
    return Settings(**settings_kwargs, results_url=results.url, results_secret=SECRET)


@pytest.fixture
async def up(results: FakeResults) -> AsyncIterator[FakeResults]:
    async with listening(results):
        yield results


def state_of(exam: Any, **changes: Any) -> dict[str, Any]:
    """Return what results must be told of an exam that its author sees as *exam*."""
    return {
        "exam_id": exam["id"],
        "version": 1,
        "questions_version": 1,
        "title": exam["title"],
        "is_published": False,
        "is_active": True,
        "is_deleted": False,
        "questions": [
            {
                **{name: one[name] for name in ("id", "text", "type", "order")},
                "options": [
                    {name: each[name] for name in ("id", "text", "is_correct")}
                    for each in one["options"]
                ],
            }
            for one in exam["questions"]
        ],
        **changes,
    }


class TestAPush:
    async def test_has_arrived_when_the_author_is_answered(
        self, teacher: Person, subject: int, up: FakeResults
    ) -> None:
        exam = await teacher.post("/exams/", exam_body(subject))
        path = f"/exams/{exam['id']}/"
        assert up.pushed == [state_of(exam)]

        await teacher.post(f"{path}publish/")
        assert up.pushed[-1] == state_of(exam, version=2, is_published=True)

        edited = await teacher.patch(path, {"questions": [question("Yangi")]})
        assert up.pushed[-1] == state_of(edited, version=3, questions_version=3, is_published=True)

        await teacher.put(path, {"title": "T", "subject": subject, "date": "2026-02-20"})
        assert up.pushed[-1] == state_of(
            edited, title="T", version=4, questions_version=3, is_published=True
        )

        await teacher.post(f"{path}unpublish/")
        assert up.pushed[-1]["is_published"] is False

        copy = await teacher.post(f"{path}copy/")
        assert up.pushed[-1] == state_of(copy)

        await teacher.delete(path)
        assert up.pushed[-1] == state_of(
            edited, title="T", version=6, questions_version=3, is_deleted=True, questions=[]
        )
        assert set(up.callers) == {"exams"}

    async def test_comes_again_with_every_publish(
        self, teacher: Person, exam: Any, up: FakeResults
    ) -> None:
        for _ in range(2):
            await teacher.post(f"/exams/{exam['id']}/publish/")

        # The author of the second may not be told before results knows of the first.
        assert [each["version"] for each in up.pushed[-2:]] == [2, 2]

    async def test_is_not_made_for_what_was_refused(
        self, teacher: Person, exam: Any, up: FakeResults
    ) -> None:
        before = len(up.pushed)

        await teacher.ask("PATCH", f"/exams/{exam['id']}/", {"subject": 999})
        await teacher.ask("POST", "/exams/999/publish/")

        assert len(up.pushed) == before


class TestAPushThatFails:
    @pytest.mark.usefixtures("results")
    async def test_changes_nothing_for_the_author(self, teacher: Person, subject: int) -> None:
        exam = await teacher.post("/exams/", exam_body(subject))

        assert await teacher.post(f"/exams/{exam['id']}/publish/") == {
            "status": "Test nashr etildi"
        }

    async def test_holds_the_answer_back_until_results_trusts_nothing_older(
        self, teacher: Person, exam: Any
    ) -> None:
        start = monotonic()

        await teacher.post(f"/exams/{exam['id']}/unpublish/")

        assert monotonic() - start > LEASE_SECONDS

    async def test_is_over_after_300_ms(self, teacher: Person, exam: Any, up: FakeResults) -> None:
        up.hangs.set()
        start = monotonic()

        # An answer at all: the request itself would be given up after 3.3 s.
        await teacher.post(f"/exams/{exam['id']}/publish/")

        assert up.pushed[-1]["is_published"] is True
        assert monotonic() - start > 0.25

    @pytest.mark.parametrize("status", [401, 404, 500])
    async def test_may_fail_in_any_way(
        self, teacher: Person, exam: Any, up: FakeResults, status: int
    ) -> None:
        up.status = status

        answer = await teacher.ask("PATCH", f"/exams/{exam['id']}/", {"title": "Yangi"})

        assert (answer.status_code, answer.json()["title"]) == (200, "Yangi")
