"""`hpa demo`: a believable academy, made through the public API as its people would make it."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, TypeVar

from hpa import demo_data, users
from hpa.api import Api, Person
from hpa.console import step
from hpa.demo_data import Paper
from hpa.errors import Refused
from hpa.known import Known
from shared.clock import local_day, utcnow

T = TypeVar("T")
U = TypeVar("U")

DAYS: Final = 7
CHECKED: Final = 0.7
"""The share of written answers that a teacher has graded already."""
DICE: Final = secrets.SystemRandom()


@dataclass
class Academy:
    """Everybody who was made, with what they log in with."""

    owner: Person
    teachers: list[Person] = field(default_factory=list)
    students: list[Person] = field(default_factory=list)
    exams: list[dict[str, Any]] = field(default_factory=list)


def fill(known: Known, *, as_json: bool = False) -> int:
    """
    Fill the running suite and print how everybody logs in.

    Raises `Refused` when the suite does not run, or is nobody's blank sheet any more.
    """
    stack = known.stack()
    if stack is None:
        message = "the suite does not run: start it with `hpa up`"
        raise Refused(message)
    password = secrets.token_urlsafe(12)
    name, full_name = demo_data.OWNER
    if users.create_user(
        known, name, role="owner", full_name=full_name, password=password, is_quiet=True
    ):
        message = f"there is a user {name} already, so the demo academy has been made before"
        raise Refused(message)
    academy = asyncio.run(_fill(stack["gateway"]["url"], name, password, known.options.time_zone))
    _tell(academy, as_json=as_json)
    return 0


async def _fill(url: str, name: str, password: str, zone: str) -> Academy:
    today = local_day(utcnow(), zone)
    async with Api(url) as api:
        academy = Academy(await api.login(name, password))
        await _make_people(academy)
        await _make_exams(academy, today)
        results = await _hand_in(academy)
        await _grade(academy, results)
        for back in range(DAYS):
            await _record_day(academy, today - timedelta(days=back))
    return academy


async def _make_people(academy: Academy) -> None:
    step("users")

    async def make(person: tuple[str, str, str]) -> Person:
        role, username, full_name = person
        password = secrets.token_urlsafe(9)
        body = {"username": username, "password": password, "role": role, "full_name": full_name}
        try:
            await academy.owner.post("/users/", body)
        except Refused as refusal:
            # Created by a try whose answer was lost; if it is somebody else, the login says so.
            if "already exists" not in str(refusal):
                raise
        return await academy.owner.api.login(username, password)

    academy.teachers = await _each(make, [("employee", *one) for one in demo_data.TEACHERS])
    academy.students = await _each(make, [("student", *one) for one in demo_data.students()])


async def _make_exams(academy: Academy, today: date) -> None:
    step("subjects and exams")
    papers = [*demo_data.PAPERS, demo_data.DRAFT]
    names = list(dict.fromkeys(paper.subject for paper in papers))
    made = await _each(lambda name: academy.owner.post("/subjects/", {"name": name}), names)
    subjects = {subject["name"]: subject["id"] for subject in made}
    for number, paper in enumerate(papers):
        teacher = academy.teachers[number % len(academy.teachers)]
        body = _exam_body(paper, subjects[paper.subject], today - timedelta(days=number))
        exam = await teacher.post("/exams/", body)
        if paper is not demo_data.DRAFT:
            await teacher.post(f"/exams/{exam['id']}/publish/")
            academy.exams.append(exam)


def _exam_body(paper: Paper, subject: int, day: date) -> dict[str, Any]:
    return {
        "title": paper.title,
        "subject": subject,
        "description": f"{len(paper.questions)} ta savol, {paper.minutes} daqiqa",
        "time_limit": paper.minutes,
        "date": day.isoformat(),
        "questions": [_question(number, *words) for number, words in enumerate(paper.questions, 1)],
    }


def _question(order: int, text: str, *answers: str) -> dict[str, Any]:
    shuffled = DICE.sample(answers, len(answers))
    options = [
        {"text": answer, "is_correct": answer == answers[0], "order": place}
        for place, answer in enumerate(shuffled, 1)
    ]
    kind = "test" if answers else "written"
    return {"text": text, "type": kind, "order": order, "options": options}


async def _hand_in(academy: Academy) -> list[dict[str, Any]]:
    """Let each student hand in most of the exams, some better than others."""
    step("results")

    async def work(student: Person) -> list[dict[str, Any]]:
        talent = DICE.uniform(0.35, 0.97)
        exams = DICE.sample(academy.exams, DICE.randint(2, len(academy.exams)))
        return [
            await student.post(
                f"/exams/{exam['id']}/submit/",
                {"answers": _answers(exam, talent)},
                key=secrets.token_hex(8),
            )
            for exam in exams
        ]

    return [result for results in await _each(work, academy.students) for result in results]


def _answers(exam: dict[str, Any], talent: float) -> list[dict[str, Any]]:
    found = []
    for question in exam["questions"]:
        if question["type"] == "written":
            found.append(
                {"question_id": question["id"], "written_answer": DICE.choice(demo_data.ESSAYS)}
            )
        else:
            knows = DICE.random() < talent
            choices = [one for one in question["options"] if one["is_correct"] or not knows]
            chosen = next(one for one in choices if one["is_correct"]) if knows else None
            option = chosen or DICE.choice(choices)
            found.append({"question_id": question["id"], "option_id": option["id"]})
    return found


async def _grade(academy: Academy, results: Sequence[dict[str, Any]]) -> None:
    step("grades of written answers")

    async def grade(result: dict[str, Any]) -> None:
        teacher = DICE.choice(academy.teachers)
        for answer in result["answers"]:
            if answer["written_answer"] is not None:
                body = {"is_correct": DICE.random() < CHECKED, "comment": "Tekshirildi"}
                await teacher.patch(f"/exam-results/{result['id']}/answers/{answer['id']}/", body)

    await _each(grade, [result for result in results if DICE.random() < CHECKED])


async def _record_day(academy: Academy, day: date) -> None:
    step(f"attendance and scores of {day}")

    async def record(pair: tuple[int, Person]) -> None:
        number, teacher = pair
        group = academy.students[number :: len(academy.teachers)]
        await teacher.post("/attendance/", [_attendance(one, day) for one in group])
        if DICE.random() < 0.9:  # noqa: PLR2004 - now and then a teacher forgets the scores
            scores = [
                {"student": one.id, "value": DICE.randint(55, 100), "date": day.isoformat()}
                for one in group
            ]
            await teacher.post("/scores/", scores)

    await _each(record, list(enumerate(academy.teachers)))


def _attendance(student: Person, day: date) -> dict[str, Any]:
    status = DICE.choices(("present", "absent", "late", "excused"), (88, 5, 4, 3))[0]
    body = {"student": student.id, "status": status, "date": day.isoformat()}
    return body | ({"note": DICE.choice(demo_data.EXCUSES)} if status == "excused" else {})


async def _each(work: Callable[[T], Awaitable[U]], items: Sequence[T]) -> list[U]:
    """Do *work* with each item, all at once; the client bounds how many requests are open."""
    return list(await asyncio.gather(*(work(item) for item in items)))


def _tell(academy: Academy, *, as_json: bool) -> None:
    groups = {"owner": [academy.owner], "employee": academy.teachers, "student": academy.students}
    people = [
        {"role": role, "username": person.username, "password": person.password}
        for role, group in groups.items()
        for person in group
    ]
    if as_json:
        print(json.dumps(people, indent=2))
        return
    print(f"{'ROLE':<10}{'USER NAME':<28}PASSWORD")
    for person in people:
        print(f"{person['role']:<10}{person['username']:<28}{person['password']}")
