"""Who talks to the service in tests, and what they say."""

from dataclasses import dataclass
from typing import Any

import httpx2

PREFIX = "/api/v1"
EXAM_404 = {"detail": "No Exam matches the given query."}
FORBIDDEN = {"detail": "You do not have permission to perform this action."}


@dataclass
class Person:
    """Somebody with a token, or nobody."""

    client: httpx2.AsyncClient
    headers: dict[str, str]
    id: int = 0

    async def ask(
        self, method: str, path: str, body: Any = None, content: bytes | None = None
    ) -> httpx2.Response:
        headers = dict(self.headers)
        extra: dict[str, Any] = {}
        if content is not None:
            extra["content"] = content
            headers["Content-Type"] = "application/json"
        elif body is not None:
            extra["json"] = body
        path = path if path.startswith("/internal/") else PREFIX + path
        return await self.client.request(method, path, headers=headers, **extra)

    async def get(self, path: str) -> Any:
        return told(await self.ask("GET", path))

    async def post(self, path: str, body: Any = None) -> Any:
        return told(await self.ask("POST", path, body))

    async def put(self, path: str, body: Any) -> Any:
        return told(await self.ask("PUT", path, body))

    async def patch(self, path: str, body: Any) -> Any:
        return told(await self.ask("PATCH", path, body))

    async def delete(self, path: str) -> None:
        told(await self.ask("DELETE", path))


def told(answer: httpx2.Response) -> Any:
    """Return the body of a success."""
    assert answer.is_success, f"{answer.status_code} {answer.text[:500]}"
    return answer.json() if answer.content else None


def question(text: str = "Savol", *, correct: int = 1, options: int = 4, **fields: Any) -> Any:
    """Return a test question whose option at place *correct* is right."""
    return {
        "text": text,
        "type": "test",
        "options": [
            {"text": f"Variant {place}", "is_correct": place == correct, "order": place}
            for place in range(1, options + 1)
        ],
        **fields,
    }


def written(text: str = "Yozma", **fields: Any) -> Any:
    """Return a written question."""
    return {"text": text, "type": "written", "written_answer_sample": "MAXFIY-NAMUNA", **fields}


def exam_body(subject: int, **fields: Any) -> dict[str, Any]:
    """Return an exam as a teacher sends it: two test questions and a written one."""
    return {
        "title": "Ingliz tili - 1-hafta imtihon",
        "subject": subject,
        "description": "Birinchi hafta uchun test",
        "time_limit": 30,
        "date": "2026-02-20",
        "questions": [question("Birinchi"), question("Ikkinchi", correct=2), written()],
        **fields,
    }
