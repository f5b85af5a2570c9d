"""Section 4 of the product as one table: who may do what with which object."""

from dataclasses import dataclass
from typing import Final

CALLERS: Final = ("nobody", "student", "employee", "owner")
READ, WRITE, ALL = (401, 200, 200, 200), (401, 403, 200, 200), (200, 200, 200, 200)
STAFF, ABSENT, CREATE = (401, 403, 200, 200), (401, 404, 404, 404), (401, 403, 201, 201)
DELETE, STAFF_ABSENT = (401, 403, 204, 204), (401, 403, 404, 404)
OWNERS, STUDENTS = (401, 403, 403, 200), (401, 200, 403, 403)


@dataclass(frozen=True)
class Row:
    """One route with one kind of object, and what each of CALLERS gets."""

    method: str
    path: str
    of: str
    expected: tuple[int, int, int, int]
    body: str = "nothing"

    @property
    def name(self) -> str:
        """Name the row in a report."""
        thing = self.of if self.of != "none" else self.body
        return f"{self.method} {self.path} {thing}"

    def url(self, ids: tuple[int, ...]) -> str:
        """Put ids into the path."""
        parts = self.path.split("{}")
        return parts[0] + "".join(f"{one}{part}" for one, part in zip(ids, parts[1:], strict=True))


def rows(methods: str, path: str, body: str, **expected: tuple[int, int, int, int]) -> list[Row]:
    """Make a row for every method and every kind of object."""
    return [
        Row(method, path, of, codes, body)
        for method in methods.split()
        for of, codes in expected.items()
    ]


TABLE: Final[list[Row]] = [
    *rows("POST", "/login/", "login", none=ALL),
    *rows("POST", "/token/refresh/", "refresh", none=ALL),
    *rows("POST", "/logout/", "refresh", none=(401, 204, 204, 204)),
    *rows("GET", "/me/", "nothing", none=READ),
    *rows("POST", "/me/password/", "same_password", none=(401, 400, 400, 400)),
    *rows("GET", "/users/", "nothing", none=STAFF),
    *rows("POST", "/users/", "user", none=(401, 403, 403, 201)),
    *rows("POST", "/users/import/", "users_file", none=OWNERS),
    *rows("GET", "/users/{}/", "nothing", student=STAFF, employee=(401, 403, 404, 200),
          absent=STAFF_ABSENT),
    *rows("PUT", "/users/{}/", "user", student=OWNERS, absent=(401, 403, 403, 404)),
    *rows("PATCH", "/users/{}/", "full_name", student=OWNERS, absent=(401, 403, 403, 404)),
    *rows("DELETE", "/users/{}/", "nothing", student=(401, 403, 403, 204),
          absent=(401, 403, 403, 404), last_owner=(401, 403, 403, 400)),
    *rows("GET", "/subjects/", "nothing", none=READ),
    *rows("POST", "/subjects/", "subject", none=CREATE),
    *rows("GET", "/subjects/{}/", "nothing", subject=READ, absent=ABSENT),
    *rows("PUT PATCH", "/subjects/{}/", "subject", subject=WRITE, absent=STAFF_ABSENT),
    *rows("DELETE", "/subjects/{}/", "nothing", subject=DELETE, absent=STAFF_ABSENT),
    *rows("GET", "/exams/", "nothing", none=READ),
    *rows("POST", "/exams/", "exam", none=CREATE),
    *rows("GET", "/exams/{}/", "nothing", published=READ, draft=(401, 404, 200, 200),
          absent=ABSENT),
    *rows("PUT PATCH", "/exams/{}/", "exam", published=WRITE, draft=WRITE, absent=STAFF_ABSENT),
    *rows("DELETE", "/exams/{}/", "nothing", published=DELETE, draft=DELETE, absent=STAFF_ABSENT),
    *rows("POST", "/exams/import/", "questions_file", none=STAFF),
    *rows("POST", "/exams/enter-code/", "code", none=READ),
    *rows("POST", "/exams/enter-code/", "draft_code", none=(401, 404, 200, 200)),
    *rows("POST", "/exams/{}/publish/", "nothing", draft=STAFF, absent=STAFF_ABSENT),
    *rows("POST", "/exams/{}/unpublish/", "nothing", published=STAFF, absent=STAFF_ABSENT),
    *rows("POST", "/exams/{}/copy/", "nothing", published=CREATE, absent=STAFF_ABSENT),
    *rows("POST", "/exams/{}/submit/", "no_answers", published=STUDENTS,
          draft=(401, 400, 403, 403), absent=(401, 404, 403, 403)),
    *rows("GET", "/exam-results/", "nothing", none=READ),
    *rows("GET", "/exam-results/my-results/", "nothing", none=READ),
    *rows("GET", "/exam-results/export/", "nothing", none=STAFF),
    *rows("POST", "/exam-results/", "result", none=CREATE),
    *rows("GET", "/exam-results/{}/", "nothing", own_result=READ,
          foreign_result=(401, 404, 200, 200), absent=ABSENT),
    *rows("PUT", "/exam-results/{}/", "result", own_result=WRITE,
          foreign_result=(401, 404, 200, 200), absent=ABSENT),
    *rows("PATCH", "/exam-results/{}/", "score", own_result=WRITE,
          foreign_result=(401, 404, 200, 200), absent=ABSENT),
    *rows("DELETE", "/exam-results/{}/", "nothing", own_result=DELETE,
          foreign_result=(401, 404, 204, 204), absent=ABSENT),
    *rows("GET", "/exam-results/{}/answers/", "nothing", own_result=READ,
          foreign_result=(401, 404, 200, 200), absent=ABSENT),
    *rows("PATCH", "/exam-results/{}/answers/{}/", "grade", own_answer=WRITE,
          foreign_answer=(401, 404, 200, 200), absent_answer=STAFF_ABSENT, absent=ABSENT),
    *rows("GET", "/messages/", "nothing", none=STAFF),
    *rows("POST", "/messages/", "message", none=CREATE),
    *rows("GET", "/messages/{}/", "nothing", message=STAFF, absent=STAFF_ABSENT),
    *rows("PUT PATCH", "/messages/{}/", "text", message=STAFF, absent=STAFF_ABSENT),
    *rows("DELETE", "/messages/{}/", "nothing", message=DELETE, absent=STAFF_ABSENT),
    *rows("POST", "/messages/{}/retry/", "nothing", message=STAFF, absent=STAFF_ABSENT),
    *rows("GET", "/messages/{}/progress/", "nothing", message=STAFF, absent=STAFF_ABSENT),
    *rows("GET", "/work-logs/", "nothing", none=STAFF),
    *rows("GET", "/work-logs/{}/", "nothing", work_log=STAFF, absent=STAFF_ABSENT),
    *rows("GET", "/work-logs/summary/", "nothing", none=STAFF),
    *rows("GET", "/attendance/", "nothing", none=READ),
    *rows("POST", "/attendance/", "attendance", none=CREATE),
    *rows("GET", "/attendance/{}/", "nothing", own_attendance=READ,
          foreign_attendance=(401, 404, 200, 200), absent=ABSENT),
    *rows("PUT PATCH", "/attendance/{}/", "my_attendance", own_attendance=WRITE,
          owners_attendance=(401, 403, 403, 200), absent=STAFF_ABSENT),
    *rows("DELETE", "/attendance/{}/", "nothing", own_attendance=DELETE,
          owners_attendance=(401, 403, 403, 204), absent=STAFF_ABSENT),
    *rows("GET", "/scores/", "nothing", none=READ),
    *rows("POST", "/scores/", "a_score", none=CREATE),
    *rows("GET", "/scores/{}/", "nothing", own_score=READ,
          foreign_score=(401, 404, 200, 200), absent=ABSENT),
    *rows("PUT PATCH", "/scores/{}/", "my_score", own_score=WRITE,
          owners_score=(401, 403, 403, 200), absent=STAFF_ABSENT),
    *rows("DELETE", "/scores/{}/", "nothing", own_score=DELETE,
          owners_score=(401, 403, 403, 204), absent=STAFF_ABSENT),
    *rows("POST", "/telegram/link/", "link", none=(401, 201, 201, 201)),
    *rows("GET", "/telegram/links/", "nothing", none=STAFF),
    *rows("POST", "/telegram/webhook/", "nothing", none=(404, 404, 404, 404)),
    *rows("GET", "/dashboard/", "nothing", none=STAFF),
    *rows("GET", "/health/", "nothing", none=ALL),
    *rows("GET", "/openapi.json", "nothing", none=ALL),
    *rows("GET", "/asyncapi.json", "nothing", none=ALL),
]  # fmt: skip
