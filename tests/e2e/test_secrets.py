"""Secrets are where they belong and nowhere else: searched for by their letters."""

import json
import resource
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx2

from shared.testing.waiting import eventually
from tests.e2e import telegram as bot
from tests.e2e.local import PROCESSES, Processes
from tests.e2e.running import OWNER, PASSWORD
from tests.e2e.suite import PREFIX, Person, Suite, exam_body

WRONG, CHANGED = "Notogri-parol-37", "Yangi-parol-48"
SAMPLE = "MAXFIY-JAVOB-59"
CHAT = 590_001
JSON = {"Content-Type": "application/json"}


async def live(suite: Suite, telegram: bot.FakeTelegram) -> tuple[set[str], list[httpx2.Response]]:
    """Use every kind of secret as people do, rightly and wrongly; return them and the answers."""
    owner = await suite.owner()
    student = await suite.sign_up("student", telegram_id=CHAT)
    name = student.user["username"]
    login = {"username": name, "password": PASSWORD}
    tokens = (await suite.nobody.post("/login/", login))["tokens"]
    await teach(owner, student, telegram)
    pair = await suite.nobody.post("/token/refresh/", {"refresh": tokens["refresh"]})
    answers = [
        await suite.nobody.ask("POST", "/login/", login | {"password": WRONG}),
        await suite.nobody.ask("POST", "/login/", login | {"password": [WRONG]}),
        await suite.nobody.ask("POST", f"/login/?password={WRONG}", {}),
        await suite.nobody.ask("POST", "/login/", content=f'"{WRONG}'.encode(), headers=JSON),
        await suite.nobody.ask("POST", "/users/", {"password": WRONG, "username": WRONG}),
        await owner.ask("POST", "/users/", {"password": WRONG, "role": WRONG, "username": name}),
        await suite.nobody.ask("GET", f"/me/?access={tokens['access']}"),
        await suite.nobody.ask("GET", f"/{tokens['access']}/"),
        await suite.nobody.ask("GET", "/me/", headers={"Authorization": f"Bearer {PASSWORD}"}),
        await suite.nobody.ask("POST", "/token/refresh/", {"refresh": tokens["access"]}),
        await student.ask("POST", "/me/password/", {"old_password": WRONG, "new_password": name}),
        await student.ask(
            "POST", "/me/password/", {"old_password": PASSWORD, "new_password": CHANGED}
        ),
    ]  # fmt: skip
    return {PASSWORD, WRONG, CHANGED, *tokens.values(), *pair.values()}, answers


async def teach(owner: Person, student: Person, telegram: bot.FakeTelegram) -> None:
    """Write an exam with a sample answer, hand it in, and fail to send a message, then send it."""
    subject = await owner.post("/subjects/", {"name": f"Sirli fan {student.id}"})
    exam = exam_body(subject["id"], tests=1, written=1)
    exam["questions"][1]["written_answer_sample"] = SAMPLE
    made = await owner.post("/exams/", exam)
    await owner.post(f"/exams/{made['id']}/publish/")
    await student.post(f"/exams/{made['id']}/submit/", {"answers": []})
    telegram.script[CHAT] += [bot.Reply(hang_up=True), bot.refused(404, "Not Found")]
    for text in ("Birinchi", "Ikkinchi", "Uchinchi"):
        message = await owner.post("/messages/", {"text": text, "recipient_ids": [student.id]})
        progress = partial(owner.get, f"/messages/{message['id']}/progress/")
        await eventually(progress, until=lambda told: told["pending"] == 0)


def own_secrets(suite: Processes) -> set[str]:
    """Return the secrets that the suite made up for itself."""
    kept = json.loads((suite.folder / "secrets.json").read_text())
    keys = json.loads((suite.folder / "keys" / "keys.json").read_text())["keys"]
    found = {word for kind in ("nats", "services", "postgres") for word in kept[kind].values()}
    return found | {key["d"] for key in keys} | {bot.TOKEN, bot.TOKEN.partition(":")[2]}


def holding(paths: Iterator[Path], secrets: set[str]) -> list[str]:
    """Return which file holds which secret."""
    return [
        f"{path}: {secret}"
        for path in paths
        if path.is_file()
        for content in [path.read_bytes()]
        for secret in secrets
        if secret.encode() in content
    ]


@PROCESSES
class TestSecrets:
    async def test_stand_in_no_log_no_event_no_table_and_no_answer(
        self, suite: Suite, telegram: bot.FakeTelegram
    ) -> None:
        assert isinstance(suite.running, Processes)
        folder = suite.running.folder
        planted, answers = await live(suite, telegram)
        owns = own_secrets(suite.running)
        for path in (f"{PREFIX}/openapi.json", f"{PREFIX}/asyncapi.json", f"{PREFIX}/health/"):
            answers.append(await suite.client.get(path))

        told = "".join(answer.text + repr(answer.headers.raw) for answer in answers)
        logs = [*(folder / "logs").iterdir(), folder.with_suffix(".log")]

        assert [secret for secret in planted | owns | {SAMPLE} if secret in told] == []
        assert holding(iter(logs), planted | owns | {SAMPLE}) == []
        assert holding((folder / "nats").rglob("*"), planted | owns | {SAMPLE}) == []
        assert holding((folder / "db").rglob("*"), planted | owns) == []

    async def test_stand_in_no_argument_and_no_environment(self, suite: Suite) -> None:
        assert isinstance(suite.running, Processes)
        secrets = own_secrets(suite.running) | {PASSWORD}
        pids = suite.running.processes()

        files = [Path(f"/proc/{pid}/{name}") for pid in pids for name in ("cmdline", "environ")]

        assert len(pids) >= 8
        assert holding(iter(files), secrets) == []

    async def test_die_with_their_process(self, suite: Suite) -> None:
        assert isinstance(suite.running, Processes)

        limits = [resource.prlimit(pid, resource.RLIMIT_CORE) for pid in suite.running.processes()]

        assert set(limits) == {(0, 0)}

    async def test_are_on_the_disk_for_one_user_alone(self, suite: Suite) -> None:
        assert isinstance(suite.running, Processes)
        folder = suite.running.folder

        modes = {
            path: stat.S_IMODE(path.stat().st_mode)
            for path in [folder, *folder.rglob("*")]
            if path.exists()
        }

        assert {path for path, mode in modes.items() if mode & 0o077 and path.is_file()} == set()
        assert modes[folder] == 0o700


def test_a_secret_is_found(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f'{{"event": "login {OWNER} {WRONG}"}}')

    assert holding(tmp_path.iterdir(), {WRONG, CHANGED}) == [f"{tmp_path / 'log'}: {WRONG}"]
