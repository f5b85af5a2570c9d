"""The OpenAPI document of results: what a client must know to hand in safely."""

from typing import Any

import pytest
from fastapi import FastAPI


@pytest.fixture
def submit(app: FastAPI) -> dict[str, Any]:
    found: dict[str, Any] = app.openapi()["paths"]["/api/v1/exams/{exam_id}/submit/"]["post"]
    return found


class TestSubmitExam:
    def test_names_the_key_and_its_form(self, submit: dict[str, Any]) -> None:
        key = next(one for one in submit["parameters"] if one["in"] == "header")

        assert (key["name"], key["required"]) == ("Idempotency-Key", False)
        assert (key["schema"]["minLength"], key["schema"]["maxLength"]) == (1, 255)

    def test_names_the_headers_of_its_answers(self, submit: dict[str, Any]) -> None:
        answers = submit["responses"]

        assert "Idempotency-Replayed" in answers["200"]["headers"]
        assert "Location" in answers["400"]["headers"]

    def test_shows_what_is_said_of_wrong_answers(self, submit: dict[str, Any]) -> None:
        shown = submit["responses"]["400"]["content"]["application/json"]["examples"]

        assert shown["AnswersInvalid"]["value"] == {
            "answers": [{}, {"option_id": ['Invalid pk "999" - object does not exist.']}]
        }
