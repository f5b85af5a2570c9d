"""Messages over HTTP: to the letter of the document."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest
from fastapi import FastAPI
from sqlalchemy import update

from messaging.domain.draft import Draft
from messaging.models import MessageLog
from messaging.repository import queueing
from messaging.repository.messages import MessageRow
from services.messaging.tests.conftest import Caller, statements, tell, told
from shared.contracts.auth import UserChangedV1
from shared.db.brief import Writing
from shared.db.engine import Database
from shared.db.upsert import insert_newer
from shared.errors import Unavailable
from shared.users import UserReplica
from shared.users.replica import row_of

WRONG: Final[list[tuple[dict[str, Any], set[str]]]] = [
    ({}, {"text", "recipient_ids"}),
    ({"text": "", "recipient_ids": [10]}, {"text"}),
    ({"text": "a\x00b", "recipient_ids": [10]}, {"text"}),
    ({"text": 5, "recipient_ids": [10]}, {"text"}),
    ({"text": None, "recipient_ids": [10]}, {"text"}),
    ({"text": "<div>x</div>", "recipient_ids": [10]}, {"text"}),
    ({"text": "<b>x", "recipient_ids": [10]}, {"text"}),
    ({"text": "x" * 4097, "recipient_ids": [10]}, {"text"}),
    ({"text": "x", "recipient_ids": []}, {"recipient_ids"}),
    ({"text": "x", "recipient_ids": "10"}, {"recipient_ids"}),
    ({"text": "x", "recipient_ids": ["10"]}, {"recipient_ids"}),
    ({"text": "x", "recipient_ids": [True]}, {"recipient_ids"}),
    ({"text": "x", "recipient_ids": [0]}, {"recipient_ids"}),
    ({"text": "x", "recipient_ids": [2**63]}, {"recipient_ids"}),
    ({"text": "x", "recipient_ids": list(range(1, 5002))}, {"recipient_ids"}),
]


class Auth:
    """Stands in for auth's look-up, which knows *users*."""

    def __init__(self, *users: UserChangedV1) -> None:
        self.users = users
        self.asked: list[list[int]] = []

    async def get(self, *_: Any, **__: Any) -> Any:
        raise Unavailable  # the loop that compares replicas

    async def post(self, path: str, body: Any, **_: Any) -> Any:
        assert path == "/internal/users/lookup/"
        self.asked.append(body["ids"])
        return [one.model_dump(mode="json") for one in self.users if one.user_id in body["ids"]]


class TestCreateMessage:
    async def test_answers_with_pending_logs(self, teacher: Caller) -> None:
        body = await teacher.write("Ertaga imtihon bor, tayyorlanib keling!", 10, 11)

        at = body.pop("created_at")
        assert at.endswith("Z")
        assert len(at) == 20
        logs = [
            {
                "id": n,
                "message": 1,
                "recipient": 9 + n,
                "recipient_name": f"User {9 + n}",
                "status": "pending",
                "error": None,
                "sent_at": None,
            }
            for n in (1, 2)
        ]
        assert body == {
            "id": 1,
            "text": "Ertaga imtihon bor, tayyorlanib keling!",
            "recipients": [10, 11],
            "sent_by": 3,
            "logs": logs,
        }

    async def test_takes_only_active_students_once_each_in_their_order(
        self, teacher: Caller, database: Database
    ) -> None:
        await tell(database, told(19, version=2, is_active=False))

        body = await teacher.write("Salom", 12, 3, 10, 12, 1, 19, 11, 10)

        assert body["recipients"] == [12, 10, 11]

    async def test_keeps_the_name_as_it_was(self, teacher: Caller, database: Database) -> None:
        message = await teacher.write("Salom", 10)
        await tell(database, told(10, version=2, full_name="Boshqa Ism"))

        shown = await teacher.get(f"/messages/{message['id']}/")

        assert shown["logs"][0]["recipient_name"] == "User 10"

    @pytest.mark.parametrize("ids", [[3], [1, 3]])
    async def test_needs_a_student(self, teacher: Caller, ids: list[int]) -> None:
        body = {"text": "Salom", "recipient_ids": ids}

        assert list(await teacher.refused("POST", "/messages/", body)) == ["recipient_ids"]

    async def test_refuses_what_is_wrong(self, teacher: Caller) -> None:
        for body, errors in WRONG:
            assert set(await teacher.refused("POST", "/messages/", body)) == errors

    async def test_ignores_what_is_not_the_callers_to_say(self, teacher: Caller) -> None:
        body = {"text": "x", "recipient_ids": [10], "sent_by": 1, "id": 99, "logs": []}

        answer = await teacher.ask("POST", "/messages/", body)

        assert (answer.json()["sent_by"], answer.json()["id"]) == (3, 1)

    async def test_waits_for_nobody_it_cannot_ask_about(self, teacher: Caller) -> None:
        body = {"text": "x", "recipient_ids": [10, 999]}

        answer = await teacher.ask("POST", "/messages/", body)

        assert answer.status_code == 503  # auth is away: whether 999 is a student is not known
        assert "Retry-After" in answer.headers
        assert await teacher.get("/messages/") == []

    async def test_asks_auth_about_whom_it_does_not_know(
        self, app: FastAPI, teacher: Caller
    ) -> None:
        app.state.hpa.users.client = auth = Auth(told(998), told(997, role="employee"))

        body = await teacher.write("Salom", 999, 998, 10, 997, 998)

        assert body["recipients"] == [998, 10]
        assert auth.asked == [[999, 998, 997]]
        assert await teacher.get("/messages/") == [body]

    async def test_goes_to_whom_an_event_made_known_in_the_middle_of_it(
        self, teacher: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        add = queueing.add_message

        async def late(tx: Writing, draft: Draft, *, even_unknown: bool) -> MessageRow | None:
            written = await add(tx, draft, even_unknown=even_unknown)
            if written is None:
                await insert_newer(tx, UserReplica, [row_of(told(998))])
            return written

        monkeypatch.setattr(queueing, "add_message", late)

        body = await teacher.write("Salom", 998)

        assert body["recipients"] == [998]

    async def test_stores_nothing_where_auth_knows_no_student_either(
        self, app: FastAPI, teacher: Caller
    ) -> None:
        app.state.hpa.users.client = Auth(told(997, role="employee"))
        body = {"text": "Salom", "recipient_ids": [997, 999]}

        assert list(await teacher.refused("POST", "/messages/", body)) == ["recipient_ids"]
        assert await teacher.get("/messages/") == []

    async def test_takes_the_same_statements_for_many_as_for_few(
        self, app: FastAPI, teacher: Caller
    ) -> None:
        """PostgreSQL: a single one, the answer included. SQLite: its BEGIN and four."""
        database = app.state.hpa.database
        counts = []
        for recipients in ([10], range(10, 20)):
            with statements(database) as seen:
                await teacher.write("Salom", *recipients)
            counts.append(len(seen))

        assert counts == ([1, 1] if database.dialect == "postgresql" else [5, 5])


class TestListMessages:
    async def test_shows_the_newest_first_with_logs(self, teacher: Caller) -> None:
        for n in range(3):
            await teacher.write(f"Xabar {n}", 10 + n)

        found = await teacher.get("/messages/")

        assert [one["text"] for one in found] == ["Xabar 2", "Xabar 1", "Xabar 0"]
        assert [one["recipients"] for one in found] == [[12], [11], [10]]

    async def test_shows_every_log_as_it_is(self, teacher: Caller, database: Database) -> None:
        name, error = 'O\'tkir "Ali"\\\n\t<b> \N{GRINNING FACE}', 'Bad "Request"'
        await tell(database, told(12, version=2, full_name=name))
        message = await teacher.write("Salom", 12, 11, 10)
        async with database.transaction() as tx:
            for recipient, state in (
                (12, {"status": "sent", "sent_at": datetime(2026, 2, 20, 9, 4, 59, 999_999, UTC)}),
                (11, {"status": "failed", "error": error}),
                (10, {"status": "sending", "attempt": "a", "lease_until": 2**62}),
            ):
                mine = MessageLog.recipient_id == recipient
                await tx.execute(update(MessageLog).where(mine).values(**state))

        (shown,) = await teacher.get("/messages/")

        assert shown == await teacher.get(f"/messages/{message['id']}/")
        assert shown["recipients"] == [12, 11, 10]
        logs = [tuple(log.values()) for log in shown["logs"]]
        assert logs == [
            (1, 1, 12, name, "sent", None, "2026-02-20T09:04:59Z"),
            (2, 1, 11, "User 11", "failed", error, None),
            (3, 1, 10, "User 10", "pending", None, None),
        ]

    async def test_takes_the_same_statements_for_many_as_for_few(
        self, teacher: Caller, app: FastAPI
    ) -> None:
        counts = []
        for _ in range(2):
            for n in range(5):
                await teacher.write(f"Xabar {n}", 10, 11)
            with statements(app.state.hpa.database) as seen:
                await teacher.get("/messages/")
            counts.append(len(seen))

        assert counts[0] == counts[1] <= 6

    @pytest.mark.parametrize(
        ("query", "texts"),
        [
            ("?limit=2", ["c", "b"]),
            ("?limit=2&offset=2", ["a"]),
            ("?ordering=created_at", ["a", "b", "c"]),
            ("?search=B", ["b"]),
            ("?search=%25", []),
            ("?student=11", ["b"]),
            ("?sent_by=3", ["c", "b", "a"]),
            ("?sent_by=4", []),
            ("?status=pending", ["c", "b", "a"]),
            ("?status=failed", []),
            ("?status=&student=", ["c", "b", "a"]),
            ("?date_from=2026-01-01&date_to=9999-12-31", ["c", "b", "a"]),
            ("?date_to=2026-01-01", []),
        ],
    )
    async def test_narrows(self, teacher: Caller, query: str, texts: list[str]) -> None:
        for text, student in (("a", 10), ("b", 11), ("c", 12)):
            await teacher.write(text, student)

        found = await teacher.get(f"/messages/{query}")

        assert [one["text"] for one in found] == texts

    async def test_counts_all_where_a_limit_is_set(self, teacher: Caller) -> None:
        for text in "abc":
            await teacher.write(text, 10)

        answer = await teacher.ask("GET", "/messages/?limit=1&student=10")

        assert answer.headers["X-Total-Count"] == "3"
        assert 'rel="next"' in answer.headers["Link"]

    @pytest.mark.parametrize(
        "query", ["?limit=x", "?student=x", "?status=sending", "?date_from=2026-2-1", "?offset=-1"]
    )
    async def test_refuses_filters_that_mean_nothing(self, teacher: Caller, query: str) -> None:
        await teacher.refused("GET", f"/messages/{query}")


class TestUpdateMessage:
    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    async def test_changes_the_text_and_nothing_else(self, teacher: Caller, method: str) -> None:
        before = await teacher.write("Eski", 10)

        answer = await teacher.ask(
            method, f"/messages/{before['id']}/", {"text": "Yangi", "recipient_ids": [11]}
        )

        assert answer.status_code == 200
        assert answer.json() == before | {"text": "Yangi"}
        assert await teacher.get(f"/messages/{before['id']}/") == before | {"text": "Yangi"}

    async def test_needs_the_text_only_for_put(self, teacher: Caller) -> None:
        message = await teacher.write("Eski", 10)
        path = f"/messages/{message['id']}/"

        assert await teacher.refused("PUT", path, {}) == {"text": ["This field is required."]}
        answer = await teacher.ask("PATCH", path, {})
        assert (answer.status_code, answer.json()) == (200, message)

    @pytest.mark.parametrize("text", ["<div>x</div>", "", None])
    async def test_checks_the_new_text(self, teacher: Caller, text: str | None) -> None:
        message = await teacher.write("Eski", 10)

        await teacher.refused("PATCH", f"/messages/{message['id']}/", {"text": text})

        assert (await teacher.get(f"/messages/{message['id']}/"))["text"] == "Eski"


class TestDeleteMessage:
    async def test_makes_it_absent(self, teacher: Caller) -> None:
        message = await teacher.write("Salom", 10, 11)
        path = f"/messages/{message['id']}/"

        answer = await teacher.ask("DELETE", path)

        assert (answer.status_code, answer.content) == (204, b"")
        assert await teacher.refused("GET", path, status=404) == {
            "detail": "No Message matches the given query."
        }
        assert await teacher.get("/messages/") == []


class TestGetMessageProgress:
    async def test_counts(self, teacher: Caller) -> None:
        message = await teacher.write("Salom", 10, 11)

        progress = await teacher.get(f"/messages/{message['id']}/progress/")

        assert progress == {"total": 2, "pending": 2, "sent": 0, "failed": 0}


class TestAccess:
    PATHS = (
        ("GET", "/messages/"),
        ("POST", "/messages/"),
        ("GET", "/messages/1/"),
        ("PUT", "/messages/1/"),
        ("PATCH", "/messages/1/"),
        ("DELETE", "/messages/1/"),
        ("POST", "/messages/1/retry/"),
        ("GET", "/messages/1/progress/"),
    )

    async def test_is_for_staff(self, nobody: Caller, student: Caller) -> None:
        for method, path in self.PATHS:
            for form in (path, path[:-1]):
                await nobody.refused(method, form, status=401)
                await student.refused(method, form, status=403)

    async def test_knows_no_other_message(self, teacher: Caller) -> None:
        for method, path in self.PATHS[2:]:
            for message_id in ("99", "0", "x", str(2**63)):
                other = path.replace("1", message_id)
                answer = await teacher.refused(method, other, status=404)
                assert answer == {"detail": "No Message matches the given query."}
