"""The check of the promises is itself checked: each planted fault is found, and named."""

import json
from datetime import datetime

import pytest

from deploy.local.tests.academy import NOW, Academy
from hpa.fsck.run import CHECKS, Report, check_all
from hpa.options import SERVICES
from shared.db.engine import Database
from shared.db.migrate import upgrade
from shared.testing import postgres

ZONE = "Asia/Tashkent"
PLANTED = {
    "exams: every code is well formed and unique": [
        ("exams", "UPDATE exams SET code = 'ABCILO'"),
        ("exams", "INSERT INTO exams SELECT * FROM exams"),
    ],
    "exams: questions_count is the number of questions": [
        ("exams", "UPDATE exams SET questions_count = 3"),
    ],
    "exams: every test question can be answered rightly": [
        ("exams", "UPDATE options SET is_correct = 0"),
        ("exams", "DELETE FROM options WHERE id = 2"),
    ],
    "exams: participants_count is the number of results": [
        ("exams", "UPDATE exams SET participants_count = 2"),
    ],
    "results: one per exam and student": [
        ("results", "INSERT INTO results SELECT * FROM results"),
    ],
    "results: no half results": [
        ("results", "UPDATE answers SET result_id = 7 WHERE id = 2"),
        ("results", "INSERT INTO answers SELECT * FROM answers"),
    ],
    "results: score and correct_answers follow from the answers": [
        ("results", "UPDATE results SET score = 51"),
        ("results", "UPDATE results SET correct_answers = 2, score = 100"),
        ("results", "UPDATE results SET version = 2, correct_answers = 3"),
        ("results", "DELETE FROM answers WHERE id = 1"),
    ],
    "results: every answer is graded by the key of its version": [
        ("results", "UPDATE answers SET option_id = 2 WHERE id = 1"),
        ("results", "UPDATE answers SET question_id = 77 WHERE id = 2"),
        ("results", "UPDATE results SET total_questions = 3"),
        ("results", "DELETE FROM exam_version_replicas"),
    ],
    "messaging: every status is honest": [
        ("messaging", "UPDATE message_logs SET sent_at = NULL"),
        ("messaging", "UPDATE message_logs SET status = 'failed', sent_at = NULL"),
        ("messaging", "UPDATE message_logs SET status = 'lost'"),
    ],
    "messaging: one log per message and recipient": [
        ("messaging", "INSERT INTO message_logs SELECT * FROM message_logs"),
    ],
    "messaging: nothing is sending or waiting for ever": [
        (
            "messaging",
            "UPDATE message_logs SET status = 'sending', sent_at = NULL, lease_until = 1",
        ),
        ("messaging", "UPDATE message_logs SET status = 'pending', sent_at = NULL"),
    ],
    "worklogs: one row per employee and day": [
        ("worklogs", "INSERT INTO work_logs SELECT * FROM work_logs"),
    ],
    "worklogs: every status is what was recorded": [
        ("worklogs", "DELETE FROM scores"),
        ("worklogs", "UPDATE work_logs SET status = 0"),
    ],
    "worklogs: every employee has a row of each day": [
        ("worklogs", "DELETE FROM work_logs"),
        ("worklogs", "UPDATE opened_days SET through = '2026-03-03'"),
    ],
    "events: the outboxes are drained": [
        ("auth", "UPDATE outbox SET published_at = NULL WHERE id = 1"),
    ],
    "events: every change was told with it": [
        ("results", "DELETE FROM outbox"),
        ("exams", "UPDATE exams SET version = 3"),
    ],
    "replicas: users are those of auth": [
        ("messaging", "UPDATE user_replicas SET is_active = 0 WHERE id = 3"),
        ("exams", "DELETE FROM user_replicas WHERE id = 2"),
        ("auth", "DELETE FROM users WHERE id = 2"),
    ],
    "replicas: exams are those of exams": [
        ("results", "UPDATE exam_replicas SET is_published = 0"),
    ],
    "replicas: subjects are those of exams": [("worklogs", "DELETE FROM subject_replicas")],
    "replicas: results are those of results": [
        ("exams", "UPDATE result_replicas SET version = 9"),
    ],
}
CASES = [
    pytest.param(name, service, statement, id=f"{name} {number}")
    for name, faults in PLANTED.items()
    for number, (service, statement) in enumerate(faults, 1)
]


async def check(urls: dict[str, str], *, is_running: bool = True, patience: float = 0) -> Report:
    return await check_all(
        urls, zone=ZONE, now=lambda: NOW, is_running=is_running, patience=patience
    )


class TestFsck:
    async def test_finds_nothing_where_all_is_well(self, academy: Academy) -> None:
        report = await check(academy.urls)

        assert report.as_json() == {
            "ok": True,
            "checks": len(CHECKS),
            "violations": [],
            "owed": [],
            "dead_letters": {},
        }

    @pytest.mark.parametrize(("name", "service", "statement"), CASES)
    async def test_finds_what_was_planted(
        self, academy: Academy, name: str, service: str, statement: str
    ) -> None:
        if statement.startswith("INSERT"):
            academy.loosen(service, statement.split()[2])
        academy.run(service, statement)

        report = await check(academy.urls)

        assert name in {one.name for one in report.violations}
        assert not report.is_clean

    def test_has_a_planted_fault_for_every_check(self) -> None:
        assert {one.name for one in CHECKS} == set(PLANTED)

    async def test_says_which_ones(self, academy: Academy) -> None:
        academy.run("results", "UPDATE results SET score = 51")

        found = (await check(academy.urls)).as_json()["violations"]

        assert found == [
            {
                "check": "results: score and correct_answers follow from the answers",
                "count": 1,
                "examples": ["result 1 has the score 51.0, not 50.0"],
            }
        ]
        assert json.dumps(found)

    async def test_lets_a_stopped_suite_owe_what_is_under_way(self, academy: Academy) -> None:
        academy.run("auth", "UPDATE outbox SET published_at = NULL WHERE id = 1")

        report = await check(academy.urls, is_running=False)

        assert report.is_clean
        assert [one.name for one in report.owed] == ["events: the outboxes are drained"]

    async def test_lets_nobody_owe_a_wrong_score(self, academy: Academy) -> None:
        academy.run("results", "UPDATE results SET score = 51")

        assert not (await check(academy.urls, is_running=False)).is_clean

    async def test_gives_a_running_suite_time_to_deliver(self, academy: Academy) -> None:
        academy.run("auth", "UPDATE outbox SET published_at = NULL WHERE id = 1")
        looks = []

        def now() -> datetime:
            looks.append(1)  # the clock is read once a look: at the second one the event has left
            if len(looks) > 1:
                academy.run("auth", "UPDATE outbox SET published_at = created_at")
            return NOW

        report = await check_all(academy.urls, zone=ZONE, now=now, is_running=True, patience=10)

        assert report.is_clean

    async def test_counts_parked_events_without_calling_them_a_fault(
        self, academy: Academy
    ) -> None:
        academy.add(
            "worklogs",
            "dead_letters",
            consumer="c",
            subject="s",
            stream_seq=1,
            payload=b"x",
            error="Malformed",
            tries=1,
            parked_at="2026-03-02 08:00:00",
        )

        report = await check(academy.urls)

        assert report.is_clean
        assert report.dead_letters == {"worklogs": 1}

    async def test_asks_for_no_work_log_of_an_owner_who_records(self, academy: Academy) -> None:
        academy.run(
            "worklogs",
            "UPDATE attendances SET employee_id = 1",
            "UPDATE scores SET employee_id = 1",
            "UPDATE work_logs SET status = 0",
        )

        assert (await check(academy.urls)).is_clean

    async def test_leaves_edited_results_to_their_teacher(self, academy: Academy) -> None:
        academy.run("results", "UPDATE results SET version = 2, score = 90, correct_answers = 2")
        academy.run("exams", "UPDATE result_replicas SET version = 2")
        academy.tell("results", "result:1", 2)

        assert (await check(academy.urls)).is_clean


@pytest.mark.postgres
async def test_every_check_runs_on_postgresql(postgres_url: str) -> None:
    urls = {}
    for service in SERVICES:
        name = f"fsck_{service}"
        await postgres.execute(f"{postgres_url}/postgres", f"CREATE DATABASE {name}")
        urls[service] = f"{postgres_url}/{name}".replace("postgresql:", "postgresql+asyncpg:")
        database = Database(urls[service])
        await upgrade(service, database)
        await database.close()

    assert (await check(urls)).is_clean
