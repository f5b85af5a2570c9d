"""The document: valid, complete, without 422, and it says who may call what."""

from typing import Annotated, Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from openapi_spec_validator import validate
from starlette.responses import Response

from shared.app import build_app
from shared.http.body import JsonBody
from shared.http.fields import Input, Text
from shared.http.openapi import roles_of
from shared.http.replies import reply
from shared.settings import ServiceSettings

THINGS = "/api/v1/things/"
THING = "/api/v1/things/{thing_id}/"


@pytest.fixture
def document(things: FastAPI) -> dict[str, Any]:
    return things.openapi()


class TestDocument:
    def test_is_valid_openapi_3_1(self, document: dict[str, Any]) -> None:
        validate(document)

        assert document["openapi"].startswith("3.1")

    async def test_is_served(self, client: httpx2.AsyncClient, document: dict[str, Any]) -> None:
        assert (await client.get("/openapi.json")).json() == document

    def test_never_speaks_of_422(self, document: dict[str, Any]) -> None:
        assert "422" not in str(document)
        assert "ValidationError" not in str(document)

    def test_leaves_internal_and_health_routes_out(self, document: dict[str, Any]) -> None:
        assert all(path.startswith("/api/v1/") for path in document["paths"])

    def test_names_operations_after_service_and_function(self, document: dict[str, Any]) -> None:
        ids = [
            operation["operationId"]
            for path in document["paths"].values()
            for operation in path.values()
        ]

        assert "things_create_thing" in ids
        assert len(ids) == len(set(ids))

    def test_tells_who_may_call(self, document: dict[str, Any]) -> None:
        paths = document["paths"]

        assert paths[THINGS]["post"]["x-roles"] == ["employee", "owner"]
        assert paths[THINGS]["get"]["x-roles"] == ["employee", "owner", "student"]
        assert paths[THINGS]["get"]["security"] == [{"bearer": []}]
        assert paths[f"{THINGS}open/"]["get"]["security"] == []
        assert "x-roles" not in paths[f"{THINGS}open/"]["get"]

    def test_shows_bodies_as_components(self, document: dict[str, Any]) -> None:
        paths, schemas = document["paths"], document["components"]["schemas"]

        def body_of(path: str, method: str) -> dict[str, Any]:
            found: dict[str, Any] = paths[path][method]["requestBody"]["content"]
            return dict(found["application/json"]["schema"])

        assert body_of(THINGS, "post") == {"$ref": "#/components/schemas/ThingCreate"}
        assert body_of(THING, "put") == {"$ref": "#/components/schemas/ThingCreate"}
        assert body_of(THING, "patch") == {"$ref": "#/components/schemas/PatchedThingCreate"}
        assert schemas["ThingCreate"]["required"] == ["title", "owner", "day"]
        assert "required" not in schemas["PatchedThingCreate"]
        assert "default" not in schemas["PatchedThingCreate"]["properties"]["place"]
        assert schemas["ThingCreate"]["properties"]["title"]["maxLength"] == 50
        assert paths[THING]["put"]["requestBody"]["required"]
        assert not paths[THING]["patch"]["requestBody"]["required"]
        many = body_of(f"{THINGS}many/", "post")
        assert many["anyOf"][1]["maxItems"] == 3

    @pytest.mark.parametrize(
        ("path", "method", "statuses"),
        [
            (THINGS, "post", ["201", "400", "401", "403", "413", "415", "503"]),
            (THINGS, "get", ["200", "400", "401", "503"]),
            (THING, "get", ["200", "401", "404", "503"]),
            (THING, "delete", ["204", "401", "403", "404", "503"]),
            (f"{THINGS}open/", "get", ["200", "503"]),
        ],
    )
    def test_lists_the_refusals(
        self, document: dict[str, Any], path: str, method: str, statuses: list[str]
    ) -> None:
        assert list(document["paths"][path][method]["responses"]) == statuses

    def test_shows_the_real_error_bodies(self, document: dict[str, Any]) -> None:
        responses = document["paths"][THINGS]["post"]["responses"]

        bad = responses["400"]["content"]["application/json"]
        assert {one["$ref"].rsplit("/", 1)[1] for one in bad["schema"]["anyOf"]} == {
            "Detail",
            "FieldErrors",
            "Refusal",
        }
        assert bad["examples"]["ThingClosed"]["value"] == {"error": "Ushbu narsa yopiq."}
        assert bad["examples"]["ThingTaken"]["value"] == {
            "title": ["thing with this title already exists."]
        }
        absent = document["paths"][THING]["get"]["responses"]["404"]["content"]
        assert absent["application/json"]["examples"]["ThingNotFound"]["value"] == {
            "detail": "No Thing matches the given query."
        }
        assert "Retry-After" in responses["503"]["headers"]

    def test_keeps_the_nulls_of_examples(self, document: dict[str, Any]) -> None:
        shown = document["components"]["schemas"]["ThingOut"]["examples"]

        assert shown == [{"id": 1, "note": None}]

    def test_names_the_headers_of_pages(self, document: dict[str, Any]) -> None:
        answers = document["paths"][THINGS]["get"]["responses"]

        assert set(answers["200"]["headers"]) == {"X-Total-Count", "Link"}

    def test_describes_paths_and_queries(self, document: dict[str, Any]) -> None:
        listed = {one["name"]: one for one in document["paths"][THINGS]["get"]["parameters"]}
        path = document["paths"][THING]["get"]["parameters"]

        assert set(listed) == {"limit", "offset", "ordering", "search"}
        assert path == [
            {
                "name": "thing_id",
                "in": "path",
                "required": True,
                "schema": {
                    "type": "integer",
                    "format": "int64",
                    "minimum": 1,
                    "maximum": 2**63 - 1,
                },
                "description": "The id of the thing.",
            }
        ]


class TestClashes:
    def test_two_models_of_one_name_fail_the_build(self, things_settings: ServiceSettings) -> None:
        router = APIRouter(prefix="/api/v1/clash")

        def model(size: int) -> type[Input]:
            class Same(Input):
                name: Annotated[str, Text(size)]

            return Same

        for number in (1, 2):
            shape = model(number)

            async def create(body: Annotated[Input, JsonBody(shape)]) -> Response:
                return reply(body.model_dump())

            create.__name__ = f"create_{number}"
            router.post(f"/{number}/")(create)
        app = build_app(
            name="clash",
            title="Things",
            description=".",
            settings=things_settings,
            routers=[router],
        )

        with pytest.raises(ValueError, match="Same"):
            app.openapi()


class TestRolesOf:
    def test_everybody_for_public_routes(self) -> None:
        router = APIRouter()

        @router.get("/")
        async def public() -> Response:
            return reply({})

        assert roles_of(router.routes[0]) is None  # type: ignore[arg-type]
