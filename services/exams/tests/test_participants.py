"""Participants follow results by event: in any order, doubled, deleted and moved."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from exams.consumers import consumers
from exams.jobs import keep_page
from exams.main import create_app
from exams.models import Exam, ResultReplica, Subject
from exams.service import authoring
from exams.settings import Settings
from services.exams.tests.fake_results import SECRET, FakeResults, listening
from services.exams.tests.people import Person, exam_body
from services.exams.tests.test_races import NOW, draft_for, subject_in
from shared.contracts.results import ResultChangedV1
from shared.db.engine import Database
from shared.events import inbox
from shared.testing.plugin import MakeClient
from shared.testing.waiting import eventually

REGISTRATION = consumers.registrations[ResultChangedV1.subject]


def result(result_id: int, version: int, exam_id: int, *, is_deleted: bool = False) -> Any:
    return ResultChangedV1(
        result_id=result_id,
        version=version,
        exam_id=exam_id,
        student_id=10,
        score=50,
        is_checked=False,
        is_deleted=is_deleted,
    )


def messages(events: list[ResultChangedV1]) -> list[bytes]:
    return [event.envelope(uuid4(), datetime.now(UTC)) for event in events]


async def deliver(database: Database, payloads: list[bytes], *, together: int = 1) -> None:
    """Hand messages to the consumer as JetStream would, so many in one transaction."""
    received = [inbox.parse(REGISTRATION, payload) for payload in payloads]
    for start in range(0, len(received), together):
        await inbox.handle(database, REGISTRATION, received[start : start + together], None)


async def counts(database: Database) -> dict[int, int]:
    async with database.reading() as view:
        return {row.id: row.participants_count for row in (await view.scalars(select(Exam)))}


async def exams_in(database: Database, number: int) -> list[int]:
    subject_id = await subject_in(database)
    made = []
    for _ in range(number):
        async with database.transaction() as tx:
            written = await authoring.create_exam(tx, draft_for(subject_id), author_id=1, now=NOW)
            made.append(written.exam.id)
    return made


class TestApplyResults:
    @pytest.mark.parametrize("together", [1, 2, 6])
    async def test_counts_each_result_once(self, database: Database, together: int) -> None:
        one, other = await exams_in(database, 2)
        payloads = messages([result(1, 1, one), result(2, 1, one), result(3, 1, other)])

        await deliver(database, payloads + payloads, together=together)
        await deliver(database, messages([result(1, 1, one), result(1, 2, one)]))

        assert await counts(database) == {one: 2, other: 1}

    async def test_follows_deletes_and_moves(self, database: Database) -> None:
        one, other = await exams_in(database, 2)

        await deliver(database, messages([result(1, 1, one), result(2, 1, one)]))
        await deliver(database, messages([result(1, 2, one, is_deleted=True)]))
        await deliver(database, messages([result(2, 2, other), result(2, 1, one)]))

        assert await counts(database) == {one: 0, other: 1}

    async def test_of_an_exam_not_known_yet_counts_later(
        self, teacher: Person, subject: int, service_database: Database
    ) -> None:
        await deliver(service_database, messages([result(1, 1, 1), result(2, 1, 1)]))

        made = await teacher.post("/exams/", exam_body(subject))

        assert made["id"] == 1
        assert (await teacher.get("/exams/"))[0]["participants_count"] == 2

    async def test_changes_no_version_of_the_exam(self, database: Database) -> None:
        (exam_id,) = await exams_in(database, 1)

        await deliver(database, messages([result(1, 1, exam_id)]))

        async with database.reading() as view:
            assert await view.scalar(select(Exam.version)) == 1

    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        history=st.lists(
            st.tuples(st.integers(1, 4), st.integers(0, 2), st.booleans()), min_size=1, max_size=12
        ),
        data=st.data(),
    )
    async def test_ends_alike_after_duplicates_and_shuffles(
        self, database: Database, history: list[tuple[int, int, bool]], data: st.DataObject
    ) -> None:
        async with database.transaction() as tx:
            for model in (ResultReplica, Exam, Subject):
                await tx.execute(delete(model))
        exams = await exams_in(database, 3)
        versions: dict[int, int] = {}
        events, last = [], {}
        for result_id, place, is_deleted in history:
            versions[result_id] = versions.get(result_id, 0) + 1
            event = result(result_id, versions[result_id], exams[place], is_deleted=is_deleted)
            events.append(event)
            last[result_id] = event
        payloads = messages(events)
        shuffled = data.draw(st.permutations(payloads + payloads[::2]))

        await deliver(database, shuffled, together=data.draw(st.integers(1, 5)))

        assert await counts(database) == {
            exam: sum(each.exam_id == exam and not each.is_deleted for each in last.values())
            for exam in exams
        }


class TestALostReplica:
    async def test_is_filled_again_without_counting_twice(self, database: Database) -> None:
        one, other = await exams_in(database, 2)
        events = [result(1, 1, one), result(2, 3, one), result(3, 1, other, is_deleted=True)]
        await deliver(database, messages(events))
        async with database.transaction() as tx:
            await tx.execute(delete(ResultReplica))

        await deliver(database, messages([result(2, 4, one)]))
        await keep_page(database, [event.model_dump() for event in [*events, result(4, 1, other)]])

        assert await counts(database) == {one: 2, other: 1}
        async with database.reading() as view:
            assert await view.scalar(select(ResultReplica.version).filter_by(result_id=2)) == 4

    @pytest.fixture
    async def results(self) -> AsyncIterator[FakeResults]:
        async with listening(FakeResults()) as results:
            yield results

    async def test_is_pulled_from_results_by_itself(
        self,
        results: FakeResults,
        settings_kwargs: dict[str, Any],
        make_client: MakeClient,
        database: Database,
    ) -> None:
        (exam_id,) = await exams_in(database, 1)
        results.results = [result(each, each, exam_id).model_dump() for each in range(1, 9)]

        app = create_app(
            Settings(**settings_kwargs, results_url=results.url, results_secret=SECRET)
        )
        await make_client(app)

        await eventually(lambda: counts(database), until=lambda found: found == {exam_id: 8})
