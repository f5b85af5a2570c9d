"""What a test holds in its hands: the suite, and people who talk to it over HTTP."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import uuid4

import httpx2
from typing_extensions import override

from shared.testing.proxy import LOOPBACK, Proxy
from tests.e2e.running import OWNER, PASSWORD, Running

PREFIX = "/api/v1"
NOBODY = 2**62
"""An id that nothing has."""


@dataclass(frozen=True)
class Upload:
    """A form with a file in it, in the place of a JSON body."""

    name: str
    content: str
    fields: dict[str, str] = field(default_factory=dict)


Note = Callable[[float, str, str, httpx2.Response | Exception], None]
"""Is told of every request: when it was sent, its method and path, and what came of it."""


class Client(httpx2.AsyncClient):
    """A client that tells of every request and what came of it."""

    note: Note | None = None

    @override
    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        started = time.monotonic()
        try:
            end = await super().send(request, **options)
        except httpx2.TransportError as error:
            self._tell(started, request, error)
            raise
        self._tell(started, request, end)
        return end

    def _tell(
        self, started: float, request: httpx2.Request, end: httpx2.Response | Exception
    ) -> None:
        if self.note is not None:
            self.note(started, request.method, request.url.path, end)


class Person:
    """Somebody with a token, or nobody at all."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        token: str | None = None,
        user: dict[str, Any] | None = None,
    ) -> None:
        self._client = client
        self.token = token
        self.user = user or {}

    @property
    def id(self) -> int:
        """Return the user's id."""
        return int(self.user["id"])

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx2.Response:
        """Send a request and return its answer, whatever it is."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        extra: dict[str, Any] = {"content": content} if content is not None else {}
        if isinstance(body, Upload):
            extra |= {"files": {"file": (body.name, body.content)}, "data": body.fields}
        elif body is not None:
            extra["json"] = body
        return await self._client.request(
            method, PREFIX + path, headers=sent | (headers or {}), **extra
        )

    async def get(self, path: str) -> Any:
        """Read, and return the JSON of a success."""
        return _body_of(await self.ask("GET", path))

    async def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """Create or do, and return the JSON of a success."""
        return _body_of(await self.ask("POST", path, body, **options))

    async def put(self, path: str, body: Any) -> Any:
        """Replace, and return the JSON of a success."""
        return _body_of(await self.ask("PUT", path, body))

    async def patch(self, path: str, body: Any) -> Any:
        """Change, and return the JSON of a success."""
        return _body_of(await self.ask("PATCH", path, body))

    async def delete(self, path: str) -> None:
        """Delete, and expect success."""
        answer = await self.ask("DELETE", path)
        assert answer.status_code == 204, _told(answer)


class Suite:
    """The running suite, and the way to its people."""

    def __init__(
        self, running: Running, line: Proxy | None = None, *, note: Note | None = None
    ) -> None:
        """Let people talk to the gateway, or to the proxy that stands before it."""
        self.running = running
        self.client = Client(
            base_url=f"http://{LOOPBACK}:{line.port}" if line else running.url,
            timeout=30,
            limits=httpx2.Limits(max_connections=400, max_keepalive_connections=100),
        )
        self.client.note = note
        self.nobody = Person(self.client)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    def seat(self, person: Person) -> Person:
        """Let a person of another line talk over this one."""
        return Person(self.client, person.token, person.user)

    async def log_in(self, username: str, password: str = PASSWORD) -> Person:
        """Log in as a user."""
        body = await self.nobody.post("/login/", {"username": username, "password": password})
        return Person(self.client, body["tokens"]["access"], body["user"])

    async def owner(self) -> Person:
        """Return the owner, who logs in once a run: logging in costs what it should."""
        return await self._known(OWNER, lambda: self.log_in(OWNER))

    async def known(self, role: str, which: int = 1) -> Person:
        """Return a user of the role who is made once a run."""
        return await self._known(f"{role} {which}", lambda: self.sign_up(role))

    async def _known(self, name: str, make: Callable[[], Awaitable[Person]]) -> Person:
        if name not in self.running.known:
            person = await make()
            self.running.known[name] = str(person.token), person.user
        token, user = self.running.known[name]
        return Person(self.client, token, user)

    async def sign_up(self, role: str, **fields: Any) -> Person:
        """Let the owner create a user, and log in as that one."""
        username = f"{role}-{uuid4().hex[:12]}"
        owner = await self.owner()
        await owner.post(
            "/users/",
            {
                "username": username,
                "password": PASSWORD,
                "role": role,
                "full_name": fields.pop("full_name", f"{role.title()} {username[-4:]}"),
                **fields,
            },
        )
        return await self.log_in(username)

    async def sign_up_many(self, role: str, count: int) -> list[Person]:
        """Sign up several users, two at a time as the password pool works."""
        two = asyncio.Semaphore(2)

        async def one() -> Person:
            async with two:
                return await self.sign_up(role)

        return list(await asyncio.gather(*(one() for _ in range(count))))

    async def make_exam(self, teacher: Person, *, tests: int = 2, publish: bool = True) -> Any:
        """Let a teacher write an exam of *tests* questions, of which the first option is right."""
        subject = await teacher.post("/subjects/", {"name": f"Fan {uuid4().hex[:8]}"})
        exam = await teacher.post("/exams/", exam_body(subject["id"], tests=tests))
        if publish:
            await teacher.post(f"/exams/{exam['id']}/publish/")
        return exam


def exam_body(subject: int, *, tests: int = 2, written: int = 0, **fields: Any) -> dict[str, Any]:
    """Return an exam as a teacher sends it; the first option of each question is the right one."""
    questions: list[dict[str, Any]] = [
        {
            "text": f"Savol {number}",
            "type": "test",
            "order": number,
            "options": [
                {"text": f"Variant {place}", "is_correct": place == 1, "order": place}
                for place in range(1, 5)
            ],
        }
        for number in range(1, tests + 1)
    ]
    questions += [
        {"text": f"Yozma {number}", "type": "written", "order": tests + number, "options": [],
         "written_answer_sample": "MAXFIY-NAMUNA"}
        for number in range(1, written + 1)
    ]  # fmt: skip
    return {
        "title": "Ingliz tili - 1-hafta imtihon",
        "subject": subject,
        "description": "Birinchi hafta uchun test",
        "time_limit": 30,
        "date": "2026-02-20",
        "questions": questions,
        **fields,
    }


def answers_to(exam: dict[str, Any], *, right: int | None = None) -> dict[str, Any]:
    """Answer an exam as its author sees it, the first *right* questions rightly, None for all."""
    answers = []
    for place, question in enumerate(exam["questions"]):
        if question["type"] != "test":
            answers.append({"question_id": question["id"], "written_answer": "Men o'quvchiman."})
            continue
        wanted = right is None or place < right
        option = next(each for each in question["options"] if each["is_correct"] is wanted)
        answers.append({"question_id": question["id"], "option_id": option["id"]})
    return {"answers": answers}


def _body_of(answer: httpx2.Response) -> Any:
    assert answer.is_success, _told(answer)
    return answer.json() if answer.content else None


def _told(answer: httpx2.Response) -> str:
    request = answer.request
    return f"{request.method} {request.url} → {answer.status_code} {answer.text[:500]}"
