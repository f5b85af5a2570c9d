"""A small academy, written straight into the five databases: everything in it is as promised."""

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from hpa.options import SERVICES
from shared.db.engine import Database
from shared.db.migrate import upgrade

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
AT = "2026-03-02 08:00:00.000000"
DAY = "2026-03-02"
QUESTIONS: list[dict[str, Any]] = [
    {
        "id": 1,
        "text": "2 + 2",
        "type": "test",
        "order": 1,
        "options": [
            {"id": 1, "text": "4", "is_correct": True},
            {"id": 2, "text": "5", "is_correct": False},
        ],
    },
    {"id": 2, "text": "Yozing", "type": "written", "order": 2, "options": []},
]
USERS = ((1, "owner", "Ega"), (2, "employee", "Ustoz"), (3, "student", "Talaba"))
FLAGS = {"title": "Matematika", "is_published": 1, "is_active": 1, "is_deleted": 0}


class Academy:
    """The databases of one suite as SQLite files."""

    def __init__(self, folder: Path) -> None:
        self.paths = {service: folder / f"{service}.sqlite3" for service in SERVICES}
        self.urls = {name: f"sqlite+aiosqlite:///{path}" for name, path in self.paths.items()}

    def run(self, service: str, *statements: str) -> None:
        """Run *statements* without any constraint that the service relies on."""
        with closing(sqlite3.connect(self.paths[service], isolation_level=None)) as database:
            for statement in statements:
                database.execute(statement)

    def loosen(self, service: str, table: str) -> None:
        """Take a table its keys and constraints, so that what cannot be can be planted."""
        self.run(
            service,
            f"CREATE TABLE loose AS SELECT * FROM {table}",  # noqa: S608 - the tests' own names
            f"DROP TABLE {table}",
            f"ALTER TABLE loose RENAME TO {table}",
        )

    def add(self, service: str, table: str, **values: Any) -> None:
        """Insert one row."""
        names, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" * len(values))
        with closing(sqlite3.connect(self.paths[service], isolation_level=None)) as database:
            database.execute(
                f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - own names
                tuple(values.values()),
            )

    def value(self, service: str, query: str) -> Any:
        """Return the first column of the first row."""
        with closing(sqlite3.connect(self.paths[service])) as database:
            return database.execute(query).fetchone()[0]

    def tell(self, service: str, entity: str, version: int) -> None:
        """Put a published event into the outbox."""
        payload = json.dumps({"data": {"version": version}}).encode()
        self.add(
            service,
            "outbox",
            event_id=uuid4().hex,
            subject="hpa.thing.changed.v1",
            entity=entity,
            payload=payload,
            created_at=AT,
            published_at=AT,
            stream_seq=1,
        )


def make_academy(folder: Path) -> None:
    """Make the five databases with their newest schema and write the academy into them."""

    async def migrate() -> None:
        for service, url in Academy(folder).urls.items():
            database = Database(url)
            await upgrade(service, database)
            await database.close()

    asyncio.run(migrate())
    academy = Academy(folder)
    _add_people(academy)
    _add_exam(academy)
    _add_result(academy)
    _add_message(academy)
    _add_day(academy)
    for path in academy.paths.values():
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def copy_academy(template: Path, folder: Path) -> Academy:
    """Copy the academy that was made in *template*."""
    academy = Academy(folder)
    for path in academy.paths.values():
        shutil.copyfile(template / path.name, path)
    return academy


def _add_people(academy: Academy) -> None:
    for user_id, role, name in USERS:
        common = {
            "id": user_id,
            "version": 1,
            "username": name.lower(),
            "role": role,
            "full_name": name,
            "telegram_id": None,
            "is_active": 1,
            "created_at": AT,
            "changed_at": AT,
        }
        academy.add(
            "auth",
            "users",
            **common,
            username_key=name.lower(),
            password_hash="-",
            search_text=name.lower(),
        )
        academy.tell("auth", f"user:{user_id}", 1)
        for service in SERVICES[1:]:
            academy.add(service, "user_replicas", **common)


def _add_exam(academy: Academy) -> None:
    subject = {"id": 1, "version": 1, "name": "Matematika", "is_deleted": 0}
    academy.add("exams", "subjects", **subject, name_key="matematika", created_at=AT)
    academy.tell("exams", "subject:1", 1)
    academy.add("worklogs", "subject_replicas", **subject)
    state = {"version": 2, "questions_version": 1, **FLAGS}
    academy.add(
        "exams",
        "exams",
        id=1,
        **state,
        search_text="matematika abc234",
        code="ABC234",
        subject_id=1,
        time_limit=0,
        date=DAY,
        created_by=2,
        created_at=AT,
        questions_count=2,
        participants_count=1,
    )
    academy.tell("exams", "exam:1", 2)
    for question in QUESTIONS:
        row = {name: question[name] for name in ("id", "text", "type", "order")}
        academy.add("exams", "questions", **row, exam_id=1, created_at=AT)
        for order, option in enumerate(question["options"], 1):
            academy.add("exams", "options", **option, question_id=question["id"], order=order)
    academy.add("results", "exam_replicas", exam_id=1, announced_version=2, **state)
    academy.add(
        "results",
        "exam_version_replicas",
        exam_id=1,
        questions_version=1,
        questions=json.dumps(QUESTIONS).encode(),
    )


def _add_result(academy: Academy) -> None:
    academy.add(
        "results",
        "results",
        id=1,
        version=1,
        exam_id=1,
        exam_title="Matematika",
        questions_version=1,
        student_id=3,
        score=50.0,
        correct_answers=1,
        total_questions=2,
        is_checked=0,
        created_at=AT,
    )
    common = {"result_id": 1, "question_text": "?"}
    right = {"question_id": 1, "question_type": "test", "option_id": 1, "is_correct": 1}
    essay = {"question_id": 2, "question_type": "written", "option_id": None, "is_correct": 0}
    academy.add("results", "answers", id=1, **common, **right)
    academy.add("results", "answers", id=2, **common, **essay)
    academy.tell("results", "result:1", 1)
    academy.add("exams", "result_replicas", result_id=1, exam_id=1, version=1, is_deleted=0)


def _add_message(academy: Academy) -> None:
    academy.add("messaging", "messages", id=1, text="Salom", sent_by=2, created_at=AT)
    academy.add(
        "messaging",
        "message_logs",
        id=1,
        message_id=1,
        recipient_id=3,
        recipient_name="Talaba",
        status="sent",
        sent_at=AT,
        due_at=0,
    )


def _add_day(academy: Academy) -> None:
    record = {"employee_id": 2, "student_id": 3, "date": DAY, "created_at": AT, "updated_at": AT}
    academy.add("worklogs", "attendances", id=1, **record, status="present")
    academy.add("worklogs", "scores", id=1, **record, subject_id=0, value=90.0)
    academy.add("worklogs", "work_logs", id=1, employee_id=2, date=DAY, status=1, created_at=AT)
    academy.add("worklogs", "opened_days", id=1, through=DAY)
