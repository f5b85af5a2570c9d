"""No byte that a student gets depends on which answer is right."""

import re
from typing import Any
from uuid import uuid4

import httpx2

from tests.e2e.suite import NOBODY, Person, Suite, exam_body

KEYS = ("is_correct", "written_answer_sample", "MAXFIY")
DIGITS = re.compile(rb"\d+")
RAW = {"Accept-Encoding": "identity"}


async def written_twice(suite: Suite) -> list[dict[str, Any]]:
    """Return two published exams that differ in their right answers alone."""
    owner = await suite.owner()
    subject = (await owner.post("/subjects/", {"name": f"Fan {uuid4().hex[:8]}"}))["id"]
    exams = []
    for right, sample in ((0, "MAXFIY"), (3, "MAXFIY" * 800)):
        body = exam_body(subject, tests=3, written=1, title=f"Kalit {subject}")
        for question in body["questions"][:3]:
            for place, option in enumerate(question["options"]):
                option["is_correct"] = place == right
        body["questions"][3]["written_answer_sample"] = sample
        exam = await owner.post("/exams/", body)
        await owner.post(f"/exams/{exam['id']}/publish/")
        exams.append(exam)
    return exams


async def everything(student: Person, exam: dict[str, Any]) -> list[httpx2.Response]:
    """Return all that a student can get about an exam without having handed it in."""
    path, owners = f"/exams/{exam['id']}/", {"role": "owner", "with_key": True}
    wrong = {"answers": [{"question_id": NOBODY, "option_id": NOBODY}]}
    asked: list[tuple[str, str, Any]] = [
        ("GET", path, None),
        ("HEAD", path, None),
        ("OPTIONS", path, None),
        ("GET", f"{path}?role=owner&fields=is_correct&expand=questions", None),
        ("GET", f"/exams/?search={exam['title']}&ordering=is_correct", None),
        ("GET", f"/exams/?subject={exam['subject']}&limit=2", None),
        ("POST", "/exams/enter-code/", {"code": exam["code"], **owners}),
        ("POST", f"{path}submit/", wrong),
        ("POST", f"{path}submit/", {"answers": None}),
        ("PUT", path, exam),
        ("PATCH", path, {"questions": exam["questions"]}),
        ("POST", f"{path}copy/", owners),
        ("GET", f"{path}questions/", None),
        ("GET", "/exam-results/export/", None),
    ]
    return [
        await student.ask(method, url, body, headers=RAW if method == "GET" else None)
        for method, url, body in asked
    ]


def seen(answer: httpx2.Response) -> tuple[int, bytes, set[str]]:
    """Return what an answer shows, with its numbers and the exam's code blotted out."""
    shown = DIGITS.sub(b"0", re.sub(rb'"code":"\w{6}"', b"", answer.content))
    return answer.status_code, shown, set(answer.headers)


class TestAStudent:
    async def test_cannot_tell_exams_apart_by_their_keys(self, suite: Suite) -> None:
        student = await suite.sign_up("student")
        one, other = await written_twice(suite)

        pairs = list(
            zip(await everything(student, one), await everything(student, other), strict=True)
        )

        for first, second in pairs:
            assert seen(first) == seen(second), first.request.url
            told = first.text + second.text + repr(second.headers.raw)
            assert not [key for key in KEYS if key in told], first.request.url
            assert "etag" not in first.headers
        assert [first.status_code for first, _ in pairs].count(200) >= 6
