

from messaging.sender import Sender
from services.messaging.tests.conftest import Caller, Read
from services.messaging.tests.fake_bot import FakeBot


class TestSending:
    async def test_reaches_each_student_once(
        self, teacher: Caller, sender: Sender, telegram: FakeBot, logs_of: Read
    ) -> None:
        message = await teacher.write("Ertaga <b>imtihon</b> bor", 10, 11, 12)

        logs = await logs_of(message["id"])

        assert {log["status"] for log in message["logs"]} == {"pending"}
        assert {log["status"] for log in logs.values()} == {"sent"}
        assert all(log["error"] is None and log["sent_at"].endswith("Z") for log in logs.values())
        assert telegram.delivered == {1010: 1, 1011: 1, 1012: 1}
        assert telegram.texts(1010) == ["Ertaga <b>imtihon</b> bor"]
