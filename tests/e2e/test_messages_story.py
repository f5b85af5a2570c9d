"""A teacher writes to students; each of them hears it once or the log says why not."""

from typing import Any

import pytest

from shared.testing.waiting import eventually
from tests.e2e.suite import Person, Suite
from tests.e2e.telegram import FakeTelegram, Reply, refused

UNKNOWN = "Yetkazilgani noma'lum"


async def write(teacher: Person, text: str, *students: Person) -> Any:
    return await teacher.post(
        "/messages/", {"text": text, "recipient_ids": [each.id for each in students]}
    )


async def logs_of(teacher: Person, message: dict[str, Any], *, seconds: float = 20) -> Any:
    """Wait until nothing is on its way any more and return the logs by recipient."""

    async def read() -> Any:
        return await teacher.get(f"/messages/{message['id']}/")

    ended = {"sent", "failed"}
    found = await eventually(
        read, until=lambda body: {log["status"] for log in body["logs"]} <= ended, seconds=seconds
    )
    return {log["recipient"]: log for log in found["logs"]}


@pytest.fixture
def chat(request: pytest.FixtureRequest) -> int:
    """Return a chat that no other test writes to."""
    return 1_000_000 + abs(hash(request.node.nodeid)) % 10**9


class TestAMessage:
    async def test_reaches_every_student_once(
        self, suite: Suite, telegram: FakeTelegram, chat: int
    ) -> None:
        teacher = await suite.sign_up("employee")
        student = await suite.sign_up("student", telegram_id=chat, full_name="Ali Valiyev")
        silent = await suite.sign_up("student")

        message = await write(teacher, "Ertaga <b>imtihon</b>", student, silent, teacher, student)
        logs = await logs_of(teacher, message)
        progress = await teacher.get(f"/messages/{message['id']}/progress/")

        assert message["recipients"] == [student.id, silent.id]
        assert message["sent_by"] == teacher.id
        assert {log["status"] for log in message["logs"]} == {"pending"}
        assert logs[student.id]["status"] == "sent"
        assert logs[student.id]["recipient_name"] == "Ali Valiyev"
        assert logs[student.id]["sent_at"].endswith("Z")
        assert logs[silent.id]["error"] == "O'quvchining telegram_id si yo'q"
        assert telegram.delivered[chat] == ["Ertaga <b>imtihon</b>"]
        assert progress == {"total": 2, "pending": 0, "sent": 1, "failed": 1}

    @pytest.mark.parametrize(
        ("reply", "error"),
        [
            (refused(403, "Forbidden: bot was blocked by the user"), "Forbidden: bot was blocked"),
            (refused(400, "Bad Request: chat not found"), "Bad Request: chat not found"),
            (Reply(502, b"<html>Bad Gateway</html>"), UNKNOWN),
            (Reply(hang_up=True), UNKNOWN),
        ],
        ids=["blocked", "no chat", "bad gateway", "hung up"],
    )
    async def test_that_fails_says_why_and_is_not_sent_again(
        self, suite: Suite, telegram: FakeTelegram, chat: int, reply: Reply, error: str
    ) -> None:
        teacher = await suite.sign_up("employee")
        student = await suite.sign_up("student", telegram_id=chat)
        telegram.script[chat] = [reply]

        logs = await logs_of(teacher, await write(teacher, "Salom", student))

        assert logs[student.id]["status"] == "failed"
        assert error in logs[student.id]["error"]
        assert logs[student.id]["sent_at"] is None
        assert len([call for call in telegram.calls if call[1] == chat]) == 1

    async def test_waits_as_long_as_telegram_says(
        self, suite: Suite, telegram: FakeTelegram, chat: int
    ) -> None:
        teacher = await suite.sign_up("employee")
        student = await suite.sign_up("student", telegram_id=chat)
        telegram.script[chat] = [refused(429, "Too Many Requests: retry after 2", retry_after=2)]

        logs = await logs_of(teacher, await write(teacher, "Salom", student))

        first, second = (at for at, to in telegram.calls if to == chat)
        assert logs[student.id]["status"] == "sent"
        assert second - first >= 2
        assert telegram.delivered[chat] == ["Salom"]

    async def test_that_failed_is_sent_again_on_demand(
        self, suite: Suite, telegram: FakeTelegram, chat: int
    ) -> None:
        teacher = await suite.sign_up("employee")
        student = await suite.sign_up("student", telegram_id=chat)
        telegram.script[chat] = [refused(403, "Forbidden: bot was blocked by the user")]
        message = await write(teacher, "Salom", student)
        await logs_of(teacher, message)

        await teacher.post(f"/messages/{message['id']}/retry/")
        logs = await logs_of(teacher, message)

        assert logs[student.id]["status"] == "sent"
        assert telegram.delivered[chat] == ["Salom"]

    async def test_without_students_is_refused(self, suite: Suite) -> None:
        teacher = await suite.sign_up("employee")

        answer = await teacher.ask(
            "POST", "/messages/", {"text": "Salom", "recipient_ids": [teacher.id]}
        )

        assert answer.status_code == 400
        assert list(answer.json()) == ["recipient_ids"]


class TestALink:
    async def test_binds_the_chat_in_which_it_is_opened(
        self, suite: Suite, telegram: FakeTelegram, chat: int
    ) -> None:
        teacher = await suite.sign_up("employee")
        student = await suite.sign_up("student")
        link = await student.post("/telegram/link/")
        silent = await teacher.get("/telegram/links/?linked=false")

        telegram.start(chat, link["url"].partition("?start=")[2])
        await eventually(
            lambda: teacher.get(f"/users/{student.id}/"),
            until=lambda user: user["telegram_id"] == chat,
            seconds=20,
        )
        linked = await eventually(
            lambda: teacher.get("/telegram/links/?linked=true"),
            until=lambda students: student.id in [each["id"] for each in students],
            seconds=20,
        )
        logs = await logs_of(teacher, await write(teacher, "Salom", student))

        assert link["url"].startswith("https://t.me/hpa_bot?start=")
        assert student.id in [each["id"] for each in silent]
        assert {each["telegram_id"] for each in linked if each["id"] == student.id} == {chat}
        assert logs[student.id]["status"] == "sent"
        assert telegram.delivered[chat][-1] == "Salom"
