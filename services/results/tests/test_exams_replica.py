"""The replica of exams: asked for, announced, rebuilt."""

import asyncio
from collections.abc import AsyncIterator
from operator import not_
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, select

from results.consumers import consumers
from results.main import create_app
from results.models import ExamReplica, ExamVersionReplica
from results.settings import Settings
from services.results.tests.conftest import TellExam, answers, exam_state
from shared.contracts.exams import ExamChangedV1
from shared.events.consumers import Received
from shared.events.inbox import handle
from shared.runtime import Runtime
from shared.testing.json_server import JsonServer, json_server
from shared.testing.plugin import MakeClient
from shared.testing.tokens import SERVICE_SECRET, TokenFactory
from shared.testing.waiting import eventually

SUBMIT = "/api/v1/exams/1/submit/"
Headers = dict[str, str]


@pytest.fixture
async def exams() -> AsyncIterator[JsonServer]:
    """An exams service that really listens and knows what it is given."""
    async with json_server() as server:
        yield server


@pytest.fixture
def app(settings_kwargs: dict[str, Any], exams: JsonServer) -> FastAPI:
    return create_app(Settings(**settings_kwargs, exams_url=exams.url, exams_secret=SERVICE_SECRET))


@pytest.fixture
async def client(app: FastAPI, make_client: MakeClient) -> httpx2.AsyncClient:
    return await make_client(app)


@pytest.fixture
def runtime(app: FastAPI, client: httpx2.AsyncClient) -> Runtime:
    runtime: Runtime = app.state.hpa
    return runtime


def publish(exams: JsonServer, version: int = 2, **changes: Any) -> ExamChangedV1:
    state = exam_state(version=version, **changes)
    exams.documents["/internal/exams/1/"] = state
    exams.documents["/internal/exams/versions/"] = [[1, version]]
    return ExamChangedV1.model_validate(state)


async def deliver(runtime: Runtime, *events: ExamChangedV1) -> None:
    registration = consumers.registrations[ExamChangedV1.subject]
    received = [Received(f"exams/{n}-{one.version}", one) for n, one in enumerate(events)]
    await handle(runtime.database, registration, received, runtime)


async def held(runtime: Runtime) -> ExamReplica | None:
    async with runtime.database.reading() as view:
        found: ExamReplica | None = await view.scalar(select(ExamReplica))
        return found


class TestAskingExams:
    async def test_finds_an_exam_that_no_push_told_of(
        self, client: httpx2.AsyncClient, exams: JsonServer, student: Headers
    ) -> None:
        publish(exams)

        answer = await client.post(SUBMIT, json=answers(1, 1, 1), headers=student)

        assert answer.status_code == 200, answer.text

    async def test_makes_an_unknown_exam_404(
        self, client: httpx2.AsyncClient, student: Headers
    ) -> None:
        answer = await client.post(SUBMIT, json=answers(1, 1), headers=student)

        assert (answer.status_code, answer.json()) == (
            404,
            {"detail": "No Exam matches the given query."},
        )

    @pytest.mark.parametrize("change", [{"is_published": False}, {"is_active": False}])
    async def test_confirms_that_an_exam_is_closed(
        self,
        client: httpx2.AsyncClient,
        exams: JsonServer,
        student: Headers,
        change: dict[str, Any],
    ) -> None:
        publish(exams, **change)

        answer = await client.post(SUBMIT, json=answers(1, 1), headers=student)

        assert answer.json() == {"error": "Ushbu test hozirda faol emas."}

    async def test_happens_once_per_exam_not_once_per_submit(
        self, client: httpx2.AsyncClient, exams: JsonServer, student: Headers
    ) -> None:
        publish(exams)
        await client.post(SUBMIT, json=answers(1, 1), headers=student)

        def asked() -> int:
            return sum(path == "/internal/exams/1/" for _, path, _ in exams.received)

        before = asked()
        again = await client.post(SUBMIT, json=answers(1, 1), headers=student)

        assert again.status_code == 400
        assert (before, asked()) == (1, 1)

    async def test_happens_again_when_the_word_of_exams_is_old(
        self,
        app: FastAPI,
        client: httpx2.AsyncClient,
        exams: JsonServer,
        student: Headers,
        tokens: TokenFactory,
    ) -> None:
        publish(exams)
        await client.post(SUBMIT, json=answers(1, 1, 1), headers=student)
        publish(exams, version=3, is_published=False)  # and no push of it comes
        await eventually(lambda: asyncio.sleep(0, app.state.intake.leases.exams()), until=not_)

        other = tokens.headers(11, "student")
        answer = await client.post(SUBMIT, json=answers(1, 1, 1), headers=other)

        assert answer.json() == {"error": "Ushbu test hozirda faol emas."}

    async def test_is_one_question_about_all_that_are_handed_in_lately(
        self,
        app: FastAPI,
        client: httpx2.AsyncClient,
        exams: JsonServer,
        student: Headers,
        tokens: TokenFactory,
    ) -> None:
        for exam_id in (1, 2):
            exams.documents[f"/internal/exams/{exam_id}/"] = exam_state(exam_id)
            path = f"/api/v1/exams/{exam_id}/submit/"
            await client.post(path, json=answers(exam_id, 1, 1), headers=student)
        exams.documents["/internal/exams/versions/"] = [[1, 2], [2, 3]]
        exams.documents["/internal/exams/2/"] = exam_state(2, version=3, is_published=False)
        await eventually(lambda: asyncio.sleep(0, app.state.intake.leases.exams()), until=not_)
        exams.received.clear()

        other = tokens.headers(11, "student")
        answer = await client.post(SUBMIT, json=answers(1, 1, 1), headers=other)

        assert answer.status_code == 200
        asked = [(path, body) for _, path, body in exams.received if "digest" not in path]
        # Both are asked about at once, and only the one that has changed is fetched.
        assert asked == [
            ("/internal/exams/versions/", {"ids": [1, 2]}),
            ("/internal/exams/2/", None),
        ]

    async def test_is_not_spared_by_a_push(
        self, client: httpx2.AsyncClient, exams: JsonServer, student: Headers, tell_exam: TellExam
    ) -> None:
        publish(exams, version=3, is_published=False)
        await tell_exam(1, version=2)  # an old one, that stood in a buffer

        answer = await client.post(SUBMIT, json=answers(1, 1, 1), headers=student)

        assert answer.json() == {"error": "Ushbu test hozirda faol emas."}

    async def test_is_shared_by_those_who_come_at_once(
        self, client: httpx2.AsyncClient, exams: JsonServer, tokens: TokenFactory
    ) -> None:
        publish(exams)

        await asyncio.gather(
            *(
                client.post(SUBMIT, json=answers(1, 1, 1), headers=tokens.headers(n, "student"))
                for n in range(20, 40)
            )
        )

        asked = [path for _, path, _ in exams.received if path == "/internal/exams/1/"]
        assert 1 <= len(asked) < 20

    async def test_finds_questions_that_were_lost_alone(
        self,
        client: httpx2.AsyncClient,
        exams: JsonServer,
        runtime: Runtime,
        student: Headers,
        tell_exam: TellExam,
    ) -> None:
        publish(exams)
        await tell_exam(1)
        async with runtime.database.transaction() as tx:
            await tx.execute(delete(ExamVersionReplica))

        answer = await client.post(SUBMIT, json=answers(1, 1, 1), headers=student)

        assert answer.status_code == 200, answer.text

    async def test_accepts_from_a_known_open_exam_when_exams_is_away(
        self, client: httpx2.AsyncClient, exams: JsonServer, runtime: Runtime, student: Headers
    ) -> None:
        await deliver(runtime, publish(exams))
        exams.status = 503

        answer = await client.post(SUBMIT, json=answers(1, 1), headers=student)

        assert answer.status_code == 200, answer.text


class TestExamChanged:
    async def test_fetches_the_questions_it_does_not_tell(
        self, runtime: Runtime, exams: JsonServer
    ) -> None:
        await deliver(runtime, publish(exams, version=4))

        replica = await held(runtime)
        assert replica is not None
        assert replica.version == 4

    async def test_makes_submits_ask_while_its_version_cannot_be_fetched(
        self, client: httpx2.AsyncClient, exams: JsonServer, runtime: Runtime, student: Headers
    ) -> None:
        await deliver(runtime, publish(exams))
        newer = publish(exams, version=3, is_published=False)
        exams.status = 503
        await deliver(runtime, newer)

        refused = await client.post(SUBMIT, json=answers(1, 1), headers=student)

        assert refused.status_code == 503

    async def test_leaves_the_newest_version_in_any_order(
        self, runtime: Runtime, exams: JsonServer
    ) -> None:
        events = [publish(exams, version=version) for version in (2, 3, 4)]

        for event in (events[2], events[0], events[1], events[2]):
            await deliver(runtime, event)

        replica = await held(runtime)
        assert replica is not None
        assert replica.version == 4


class TestRebuild:
    async def test_pulls_every_exam_into_an_empty_replica(
        self, exams: JsonServer, app: FastAPI, make_client: MakeClient
    ) -> None:
        exams.documents["/internal/exams/digest/"] = {"count": 2, "versions": 4}
        exams.documents["/internal/exams/?after=0"] = [exam_state(1), exam_state(2)]
        exams.documents["/internal/exams/?after=2"] = []
        await make_client(app)

        async def count() -> int:
            async with app.state.hpa.database.reading() as view:
                return len(list(await view.scalars(select(ExamReplica))))

        assert await eventually(count, until=lambda found: found == 2)
