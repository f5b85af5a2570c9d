"""One document out of many: what is taken over, what is refused."""

import copy
import json
from typing import Any

import pytest
from openapi_spec_validator import validate

from gateway.documents import SNAPSHOT
from gateway.merge import Collision, Document, merge, split
from gateway.own import OWN

REF = "#/components/schemas/"


def document(service: str, path: str = "", **schemas: Any) -> Document:
    """A service with one operation that answers each of *schemas*."""
    any_of = [{"$ref": REF + name} for name in schemas]
    content = {"application/json": {"schema": {"anyOf": any_of} if any_of else {}}}
    operation = {
        "operationId": f"{service}_list",
        "tags": ["anything"],
        "security": [{"bearer": []}],
        "responses": {"200": {"description": "OK", "content": content}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": service, "version": "1", "description": f"All about {service}."},
        "paths": {path or f"/api/v1/{service}/": {"get": operation}},
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


EXAM = {"type": "object", "properties": {"id": {"type": "integer"}}}
SUBJECT = {"type": "object", "properties": {"name": {"type": "string"}}}
NESTED = {"type": "array", "items": {"$ref": f"{REF}Exam"}}


class TestMerge:
    def test_is_valid(self) -> None:
        merged = merge({"exams": document("exams", Exam=EXAM), "auth": document("auth")})

        validate(merged)

    def test_tags_each_operation_with_its_service_alone(self) -> None:
        merged = merge({"exams": document("exams"), "auth": document("auth")})

        assert merged["paths"]["/api/v1/exams/"]["get"]["tags"] == ["exams"]
        assert merged["tags"] == [
            {"name": "auth", "description": "All about auth."},
            {"name": "exams", "description": "All about exams."},
        ]

    def test_puts_services_into_the_order_of_reading(self) -> None:
        names = ("gateway", "rooms", "worklogs", "exams", "results")

        tags = merge({name: document(name, f"/api/v1/{name}/") for name in names})["tags"]

        assert [tag["name"] for tag in tags] == ["exams", "results", "worklogs", "rooms", "gateway"]

    def test_joins_the_methods_of_one_path(self) -> None:
        first = document("exams", "/api/v1/exams/")
        second = document("results", "/api/v1/exams/")
        second["paths"]["/api/v1/exams/"] = {"post": second["paths"]["/api/v1/exams/"]["get"]}

        merged = merge({"exams": first, "results": second})

        assert set(merged["paths"]["/api/v1/exams/"]) == {"get", "post"}

    def test_is_served_by_this_host_with_bearer_tokens(self) -> None:
        merged = merge({"exams": document("exams")})

        assert merged["servers"] == [{"url": "/"}]
        assert merged["security"] == [{"bearer": []}]
        assert merged["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"

    def test_shares_a_component_that_two_describe_alike(self) -> None:
        merged = merge(
            {"exams": document("exams", Exam=EXAM), "results": document("results", Exam=EXAM)}
        )

        assert merged["components"]["schemas"] == {"Exam": EXAM}

    def test_keeps_components_that_others_refer_to(self) -> None:
        merged = merge(
            {"exams": document("exams", List=NESTED), "auth": document("auth", Exam=EXAM)}
        )

        assert set(merged["components"]["schemas"]) == {"List", "Exam"}

    def test_leaves_out_components_that_nobody_refers_to(self) -> None:
        lonely = document("exams", Exam=EXAM)
        lonely["components"]["schemas"]["Unused"] = SUBJECT

        assert set(merge({"exams": lonely})["components"]["schemas"]) == {"Exam"}

    @pytest.mark.parametrize("path", ["/internal/exams/{id}/", "/health/", "/ready/"])
    def test_leaves_out_what_is_not_public(self, path: str) -> None:
        assert merge({"exams": document("exams", path)})["paths"] == {}

    def test_keeps_the_keys(self) -> None:
        path = "/.well-known/jwks.json"

        assert path in merge({"auth": document("auth", path)})["paths"]

    def test_changes_none_of_its_documents(self) -> None:
        given = {"exams": document("exams", Exam=EXAM)}
        before = copy.deepcopy(given)

        merge(given)

        assert given == before


class TestCollision:
    def test_of_two_components_is_refused(self) -> None:
        with pytest.raises(Collision, match="schemas Exam"):
            merge({"exams": document("exams", Exam=EXAM), "auth": document("auth", Exam=SUBJECT)})

    def test_of_two_components_that_nobody_uses_is_refused_as_well(self) -> None:
        first, second = document("exams"), document("auth")
        first["components"]["schemas"] = {"Exam": EXAM}
        second["components"]["schemas"] = {"Exam": SUBJECT}

        with pytest.raises(Collision, match="schemas Exam"):
            merge({"exams": first, "auth": second})

    def test_of_operation_ids_is_refused(self) -> None:
        twin = document("exams", "/api/v1/other/")

        with pytest.raises(Collision, match="operation id exams_list"):
            merge({"exams": document("exams"), "auth": twin})

    def test_of_operations_is_refused(self) -> None:
        with pytest.raises(Collision, match="GET /api/v1/exams/"):
            merge({"exams": document("exams"), "auth": document("auth", "/api/v1/exams/")})

    def test_of_what_a_path_says_for_all_methods_is_refused(self) -> None:
        first, second = document("exams", "/api/v1/a/"), document("auth", "/api/v1/a/")
        second["paths"]["/api/v1/a/"] = {"post": second["paths"]["/api/v1/a/"]["get"]}
        first["paths"]["/api/v1/a/"]["summary"] = "One"
        second["paths"]["/api/v1/a/"]["summary"] = "Two"

        with pytest.raises(Collision, match="summary of /api/v1/a/"):
            merge({"exams": first, "auth": second})


class TestSplit:
    def test_undoes_merge(self) -> None:
        merged = merge(
            {
                "exams": document("exams", Exam=EXAM),
                "auth": document("auth", Exam=EXAM, Subject=SUBJECT),
                "gateway": OWN,
            }
        )

        assert merge(split(merged)) == merged

    def test_undoes_the_merge_of_the_snapshot(self) -> None:
        snapshot = json.loads(SNAPSHOT.read_text())

        assert merge(split(snapshot)) == snapshot
