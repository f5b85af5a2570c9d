"""The OpenAPI document: valid, with examples, and without a key where students look."""

import json
from typing import Any

import pytest
from openapi_spec_validator import validate

from exams.main import create_app
from exams.schemas import examples
from exams.settings import Settings
from shared.testing.tokens import SERVICE_SECRET


@pytest.fixture(scope="module")
def document() -> Any:
    settings = Settings(
        database_url="sqlite+aiosqlite:///never-opened", service_secret=SERVICE_SECRET
    )
    return json.loads(json.dumps(create_app(settings).openapi()))


class TestDocument:
    def test_is_valid_and_knows_no_422(self, document: Any) -> None:
        validate(document)

        assert '"422"' not in json.dumps(document)

    def test_names_every_public_route(self, document: Any) -> None:
        found = {
            (method.upper(), path.removeprefix("/api/v1"))
            for path, methods in document["paths"].items()
            for method in methods
        }

        reads = {("GET", path) for path in ("/exams/", "/subjects/")}
        created = {
            ("POST", path)
            for path in ("/exams/", "/subjects/", "/exams/enter-code/", "/exams/import/")
        }
        single = {
            (method, path)
            for method in ("GET", "PUT", "PATCH", "DELETE")
            for path in ("/exams/{exam_id}/", "/subjects/{subject_id}/")
        }
        verbs = {
            ("POST", f"/exams/{{exam_id}}/{verb}/") for verb in ("publish", "unpublish", "copy")
        }
        assert found == reads | created | single | verbs

    def test_shows_students_no_key(self, document: Any) -> None:
        schemas = document["components"]["schemas"]
        for name in ("QuestionForStudent", "OptionForStudent", "ExamDetailForStudent"):
            told = json.dumps(schemas[name])

            assert "is_correct" not in told
            assert "written_answer_sample" not in told
        assert "is_correct" not in str(examples.ENTERED_FOR_STUDENT)

    def test_names_the_uzbek_refusal_and_the_throttle(self, document: Any) -> None:
        deleted = document["paths"]["/api/v1/subjects/{subject_id}/"]["delete"]["responses"]
        entered = document["paths"]["/api/v1/exams/enter-code/"]["post"]["responses"]

        assert "o'chirib bo'lmaydi" in json.dumps(deleted["400"])
        assert "Retry-After" in entered["429"]["headers"]
