"""The people, the objects and the bodies that the access table speaks of, made when needed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, Self
from uuid import uuid4

from tests.e2e.running import PASSWORD
from tests.e2e.suite import NOBODY, Person, Suite, Upload, answers_to, exam_body


@dataclass
class World:
    """The people and the objects that the table speaks of, made when they are needed."""

    suite: Suite
    people: dict[str, Person]
    other: Person
    ready: dict[str, tuple[int, ...]] = field(default_factory=dict)
    days: int = 0

    @classmethod
    async def of(cls, suite: Suite) -> Self:
        """Return people of each role, and one more student, to whom foreign things belong."""
        people = {role: await suite.known(role) for role in ("student", "employee")}
        people |= {"nobody": suite.nobody, "owner": await suite.owner()}
        return cls(suite, people, await suite.known("student", which=2))

    async def ids(self, of: str, places: int, *, fresh: bool) -> tuple[int, ...]:
        """Return the ids of an object, of a new one when the request will use it up."""
        if of == "absent":
            return (NOBODY,) * places
        if fresh:
            made: tuple[int, ...] = await MAKERS[of](self)
            return made
        if of not in self.ready:
            self.ready[of] = await MAKERS[of](self)
        return self.ready[of]

    async def body(self, name: str) -> Any:
        """Return the body of a request."""
        return await BODIES[name](self)

    async def exam(self, *, publish: bool = True, written: int = 0) -> Any:
        """Return a new exam."""
        owner = self.people["owner"]
        (subject,) = await self.ids("subject", 1, fresh=False)
        exam = await owner.post("/exams/", exam_body(subject, tests=1, written=written))
        if publish:
            await owner.post(f"/exams/{exam['id']}/publish/")
        return exam

    async def result(self, student: Person) -> Any:
        """Return a new result with a written answer."""
        exam = await self.exam(written=1)
        return await student.post(f"/exams/{exam['id']}/submit/", answers_to(exam))

    def another_day(self) -> str:
        """Return a day of the past: a second recording of the same day is the same one."""
        self.days += 1
        return (date(2026, 2, 20) - timedelta(days=self.days)).isoformat()

    async def refresh(self) -> str:
        """Return a fresh refresh token."""
        body = {"username": self.other.user["username"], "password": PASSWORD}
        return str((await self.suite.nobody.post("/login/", body))["tokens"]["refresh"])


Maker = Callable[[World], Awaitable[Any]]


async def _none(_: World) -> tuple[int, ...]:
    return ()


async def _subject(world: World) -> tuple[int, ...]:
    body = {"name": f"Fan {uuid4().hex[:8]}"}
    return ((await world.people["owner"].post("/subjects/", body))["id"],)


async def _published(world: World) -> tuple[int, ...]:
    return ((await world.exam())["id"],)


async def _draft(world: World) -> tuple[int, ...]:
    return ((await world.exam(publish=False))["id"],)


async def _own_result(world: World) -> tuple[int, ...]:
    return ((await world.result(world.people["student"]))["id"],)


async def _foreign_result(world: World) -> tuple[int, ...]:
    return ((await world.result(world.other))["id"],)


async def _own_answer(world: World) -> tuple[int, ...]:
    result = await world.result(world.people["student"])
    return result["id"], result["answers"][1]["id"]


async def _foreign_answer(world: World) -> tuple[int, ...]:
    result = await world.result(world.other)
    return result["id"], result["answers"][1]["id"]


async def _absent_answer(world: World) -> tuple[int, ...]:
    return (await world.result(world.people["student"]))["id"], NOBODY


async def _message(world: World) -> tuple[int, ...]:
    body = {"text": "Salom", "recipient_ids": [world.other.id]}
    return ((await world.people["employee"].post("/messages/", body))["id"],)


async def _work_log(world: World) -> tuple[int, ...]:
    return ((await world.people["owner"].get("/work-logs/"))[0]["id"],)


def _recording(kind: str, *, by: str, student: str) -> Maker:
    """Return a maker of an attendance or a score that *by* recorded of a student."""

    async def make(world: World) -> tuple[int, ...]:
        of = world.other if student == "other" else world.people[student]
        body: dict[str, Any] = {"student": of.id, "date": world.another_day()}
        body |= {"value": 80} if kind == "score" else {"status": "present"}
        path = "/scores/" if kind == "score" else "/attendance/"
        return ((await world.people[by].post(path, body))["id"],)

    return make


async def _student(world: World) -> tuple[int, ...]:
    return ((await world.suite.sign_up("student")).id,)


async def _employee(world: World) -> tuple[int, ...]:
    return ((await world.suite.sign_up("employee")).id,)


async def _last_owner(world: World) -> tuple[int, ...]:
    return (world.people["owner"].id,)


MAKERS: Final[dict[str, Maker]] = {
    "none": _none,
    "subject": _subject,
    "published": _published,
    "draft": _draft,
    "own_result": _own_result,
    "foreign_result": _foreign_result,
    "own_answer": _own_answer,
    "foreign_answer": _foreign_answer,
    "absent_answer": _absent_answer,
    "message": _message,
    "work_log": _work_log,
    **{
        f"{whose}_{kind}": _recording(kind, by=by, student=student)
        for kind in ("attendance", "score")
        for whose, by, student in (
            ("own", "employee", "student"),
            ("foreign", "employee", "other"),
            ("owners", "owner", "student"),
        )
    },
    "student": _student,
    "employee": _employee,
    "last_owner": _last_owner,
}


def _constant(body: Any) -> Maker:
    async def make(_: World) -> Any:
        return body

    return make


async def _user_body(_: World) -> Any:
    name = f"yangi-{uuid4().hex[:12]}"
    return {"username": name, "password": PASSWORD, "role": "student", "full_name": "Yangi"}


async def _login_body(world: World) -> Any:
    return {"username": world.other.user["username"], "password": PASSWORD}


async def _refresh_body(world: World) -> Any:
    return {"refresh": await world.refresh()}


async def _subject_body(_: World) -> Any:
    return {"name": f"Fan {uuid4().hex[:8]}"}


async def _exam_body(world: World) -> Any:
    return exam_body((await world.ids("subject", 1, fresh=False))[0], tests=1)


async def _users_file(_: World) -> Any:
    row = f"fayl-{uuid4().hex[:12]},{PASSWORD},Fayldan"
    return Upload("users.csv", f"username,password,full_name\n{row}\n")


async def _questions_file(world: World) -> Any:
    (subject,) = await world.ids("subject", 1, fresh=False)
    fields = {"title": "Fayldan", "subject": str(subject), "date": "2026-02-20"}
    return Upload("questions.csv", "text,option_1,option_2,correct\n2+2?,4,5,1\n", fields)


async def _code_body(world: World) -> Any:
    return {"code": (await world.exam())["code"]}


async def _draft_code_body(world: World) -> Any:
    return {"code": (await world.exam(publish=False))["code"]}


async def _result_body(world: World) -> Any:
    exam = await world.exam()
    return {
        "exam": exam["id"],
        "student": world.other.id,
        "score": 50,
        "correct_answers": 1,
        "total_questions": 2,
    }


async def _message_body(world: World) -> Any:
    return {"text": "Salom", "recipient_ids": [world.other.id]}


async def _attendance_body(world: World) -> Any:
    return {"student": world.other.id, "status": "present"}


async def _my_attendance_body(world: World) -> Any:
    return {"student": world.people["student"].id, "status": "late"}


async def _my_score_body(world: World) -> Any:
    return {"student": world.people["student"].id, "value": 85}


async def _link_body(world: World) -> Any:
    return {"student": world.other.id}


async def _score_body(world: World) -> Any:
    return {"student": world.other.id, "value": 90}


BODIES: Final[dict[str, Maker]] = {
    "nothing": _constant(None),
    "login": _login_body,
    "refresh": _refresh_body,
    "same_password": _constant({"old_password": "emas", "new_password": PASSWORD}),
    "user": _user_body,
    "full_name": _constant({"full_name": "Yangi Ism"}),
    "subject": _subject_body,
    "exam": _exam_body,
    "users_file": _users_file,
    "questions_file": _questions_file,
    "code": _code_body,
    "draft_code": _draft_code_body,
    "no_answers": _constant({"answers": []}),
    "result": _result_body,
    "score": _constant({"score": 40.5}),
    "grade": _constant({"is_correct": True}),
    "message": _message_body,
    "text": _constant({"text": "Yangi matn"}),
    "attendance": _attendance_body,
    "a_score": _score_body,
    "my_attendance": _my_attendance_body,
    "my_score": _my_score_body,
    "link": _link_body,
}
