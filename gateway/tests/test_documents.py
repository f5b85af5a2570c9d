"""The document service by itself: live documents, health, pages, errors."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest
import yaml
from starlette.applications import Starlette

from gateway.documents import SNAPSHOT, Documents
from gateway.health import Health
from gateway.main import create_app
from gateway.merge import split
from gateway.settings import Settings
from gateway.static import render
from gateway.tests.suite import FOLDER
from shared.testing.json_server import JsonServer, json_server

NAMES = ("exams", "results")


@pytest.fixture
async def services() -> AsyncIterator[dict[str, JsonServer]]:
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(json_server()) for name in NAMES}


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient() as client:
        yield client


def urls(services: dict[str, JsonServer]) -> dict[str, list[str]]:
    return {name: [service.url] for name, service in services.items()}


def one_path(name: str, schema: str = "") -> dict[str, Any]:
    """A document of *name* with one operation that no snapshot has."""
    body = {"$ref": f"#/components/schemas/{schema}"} if schema else {}
    return {
        "openapi": "3.1.0",
        "paths": {
            f"/api/v1/new-{name}/": {
                "get": {
                    "operationId": f"{name}_new",
                    "responses": {
                        "200": {
                            "description": "OK",
                            "content": {"application/json": {"schema": body}},
                        }
                    },
                }
            }
        },
        "components": {"schemas": {schema: {"title": name}} if schema else {}},
    }


class TestDocuments:
    @pytest.fixture
    def documents(self, services: dict[str, JsonServer], client: httpx2.AsyncClient) -> Documents:
        return Documents(urls(services), client)

    def paths(self, documents: Documents) -> set[str]:
        return set(json.loads(documents.openapi.body)["paths"])

    async def test_begin_with_the_snapshot(self, documents: Documents) -> None:
        assert json.loads(documents.openapi.body) == json.loads(SNAPSHOT.read_text())

    async def test_take_over_what_a_service_says(
        self, documents: Documents, services: dict[str, JsonServer]
    ) -> None:
        before = self.paths(documents)
        of_exams = set(split(json.loads(SNAPSHOT.read_text()))["exams"]["paths"])
        only_exams = {path for path in of_exams if "submit" not in path}
        services["exams"].documents["/openapi.json"] = one_path("exams")

        await documents.refresh()

        assert self.paths(documents) == before - only_exams | {"/api/v1/new-exams/"}

    async def test_keep_the_last_good_one_of_a_service_that_is_down(
        self, documents: Documents, services: dict[str, JsonServer]
    ) -> None:
        services["exams"].documents["/openapi.json"] = one_path("exams")
        await documents.refresh()
        services["exams"].documents.clear()
        services["results"].documents["/openapi.json"] = one_path("results")

        await documents.refresh()

        assert {"/api/v1/new-exams/", "/api/v1/new-results/"} <= self.paths(documents)

    @pytest.mark.parametrize(
        "broken",
        [
            [],
            "text",
            {"paths": {}},
            {"openapi": "3.1.0", "paths": 5},
            {"openapi": "3.1.0", "paths": {"/api/v1/a/": []}},
            {"openapi": "2.0", "paths": {"/api/v1/a/": {}}},
        ],
    )
    async def test_survive_nonsense(
        self, documents: Documents, services: dict[str, JsonServer], broken: object
    ) -> None:
        before = documents.openapi
        services["exams"].documents["/openapi.json"] = broken

        await documents.refresh()

        assert documents.openapi == before

    async def test_survive_a_collision_and_take_over_its_cure(
        self, documents: Documents, services: dict[str, JsonServer]
    ) -> None:
        before = documents.openapi
        for name in NAMES:
            services[name].documents["/openapi.json"] = one_path(name, "Same")
        await documents.refresh()
        assert documents.openapi == before

        services["results"].documents["/openapi.json"] = one_path("results", "Other")
        await documents.refresh()

        assert {"/api/v1/new-exams/", "/api/v1/new-results/"} <= self.paths(documents)

    async def test_do_not_change_without_a_reason(
        self, documents: Documents, services: dict[str, JsonServer]
    ) -> None:
        services["exams"].documents["/openapi.json"] = one_path("exams")
        await documents.refresh()
        before = documents.openapi

        await documents.refresh()

        assert documents.openapi is before


class TestHealth:
    async def test_is_ok_service_by_service(
        self, services: dict[str, JsonServer], client: httpx2.AsyncClient
    ) -> None:
        services["exams"].documents["/ready/"] = {"status": "ok"}

        found = await Health(urls(services), client).services()

        assert found == {"exams": "ok", "results": "down"}

    async def test_needs_every_replica(
        self, services: dict[str, JsonServer], client: httpx2.AsyncClient
    ) -> None:
        first, second = list(services.values())[:2]
        first.documents["/ready/"] = {"status": "ok"}
        both = {"exams": [first.url, second.url]}

        second.documents.pop("/ready/", None)
        assert await Health(both, client).services() == {"exams": "down"}
        second.documents["/ready/"] = {"status": "ok"}
        assert await Health(both, client).services() == {"exams": "ok"}

    async def test_is_down_where_nobody_listens(self, client: httpx2.AsyncClient) -> None:
        health = Health({"exams": ["http://127.0.0.1:1"]}, client)

        assert await health.services() == {"exams": "down"}

    async def test_is_asked_once_for_all_who_want_it(
        self, services: dict[str, JsonServer], client: httpx2.AsyncClient
    ) -> None:
        health = Health(urls(services), client)

        for _ in range(5):
            await health.services()

        assert len(services["exams"].received) == 1


@pytest.fixture
def app() -> Starlette:
    return create_app(Settings(services="exams=http://127.0.0.1:1"))


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


class TestServedDocuments:
    @pytest.mark.parametrize("name", ["openapi", "asyncapi"])
    async def test_have_a_strong_etag(self, browser: httpx2.AsyncClient, name: str) -> None:
        first = await browser.get(f"/api/v1/{name}.json")
        etag = first.headers["etag"]

        again = await browser.get(f"/api/v1/{name}.json", headers={"If-None-Match": etag})

        assert etag.startswith('"')
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag

    async def test_have_one_etag_per_encoding(self, browser: httpx2.AsyncClient) -> None:
        path = "/api/v1/openapi.json"
        plain = await browser.get(path, headers={"Accept-Encoding": "identity"})
        packed = await browser.get(path, headers={"Accept-Encoding": "gzip"})

        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == plain.content
        assert packed.headers["etag"] != plain.headers["etag"]
        assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"

    async def test_may_be_read_by_anybody_and_kept(self, browser: httpx2.AsyncClient) -> None:
        answer = await browser.get("/api/v1/openapi.json")

        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-cache"


class TestPages:
    @pytest.mark.parametrize("name", ["swdoc", "redoc", "asyncdoc"])
    async def test_load_only_what_is_there(self, browser: httpx2.AsyncClient, name: str) -> None:
        page = await browser.get(f"/{name}/")
        loaded = [part.split('"')[0] for part in page.text.split('="')[1:] if part[0] == "/"]

        assert len(loaded) >= 3
        for path in loaded:
            assert path.startswith(f"/{name}/assets/")
            answer = await browser.get(path)
            assert answer.status_code == 200
            assert answer.headers["etag"]

    async def test_name_no_other_host(self, browser: httpx2.AsyncClient) -> None:
        for path in ("/swdoc/", "/redoc/", "/swdoc/assets/swdoc.js", "/redoc/assets/redoc.js"):
            assert "://" not in (await browser.get(path)).text

    async def test_show_a_logo_of_our_own(self, browser: httpx2.AsyncClient) -> None:
        script = (await browser.get("/redoc/assets/redoc.standalone.js")).text

        assert "cdn.redoc.ly" not in script
        assert "/redoc/assets/favicon.png" in script

    @pytest.mark.parametrize(
        "path",
        [
            "/swdoc/assets/nothing.js",
            "/swdoc/assets/",
            "/swdoc/assets/../main.py",
            "/swdoc/assets/..%2fmain.py",
            "/redoc/assets/%2e%2e/settings.py",
        ],
    )
    async def test_give_no_other_file(self, browser: httpx2.AsyncClient, path: str) -> None:
        answer = await browser.get(path)

        assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})


class TestErrorPages:
    @pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/errors/404", 404),
            ("/errors/413", 413),
            ("/errors/503", 503),
            ("/errors/502", 503),
            ("/unavailable/api/v1/exams/7/submit/", 503),
        ],
    )
    async def test_are_json_for_every_method(
        self, browser: httpx2.AsyncClient, method: str, path: str, status: int
    ) -> None:
        answer = await browser.request(method, path)

        assert answer.status_code == status
        assert set(answer.json()) == {"detail"}
        assert ("retry-after" in answer.headers) == (status == 503)

    async def test_spread_those_who_come_again(self, browser: httpx2.AsyncClient) -> None:
        waits = {(await browser.get("/errors/503")).headers["retry-after"] for _ in range(60)}

        assert waits == {"1", "2", "3"}

    async def test_draining_is_told_by_health_alone(
        self, browser: httpx2.AsyncClient, app: Starlette
    ) -> None:
        app.state.draining = True

        assert (await browser.get("/health/")).status_code == 503
        assert (await browser.get("/swdoc/")).status_code == 200


class TestSettings:
    def test_a_service_named_twice_has_two_replicas(self) -> None:
        settings = Settings.read({"SERVICES": "a=http://h:1, a=http://h:2/,b=http://h:3"})

        assert settings.replicas == {"a": ["http://h:1", "http://h:2"], "b": ["http://h:3"]}

    @pytest.mark.parametrize("services", ["", "a", "a=", "=http://h", "a=ftp://h"])
    def test_nonsense_is_refused_at_start(self, services: str) -> None:
        with pytest.raises(ValueError, match="SERVICES"):
            Settings.read({"SERVICES": services})

    @pytest.mark.parametrize(
        ("name", "value"),
        [("PORT", "0"), ("PORT", "65536"), ("DRAIN_SECONDS", "-1"), ("DRAIN_SECONDS", "9")],
    )
    def test_a_number_out_of_bounds_is_refused_by_name(self, name: str, value: str) -> None:
        with pytest.raises(ValueError, match=name):
            Settings.read({"SERVICES": "a=http://h:1", name: value})


class TestRender:
    TEXT = (FOLDER / "traefik.yml").read_text()

    def test_changes_only_what_it_is_given(self) -> None:
        before, text = yaml.safe_load(self.TEXT), self.TEXT
        after = yaml.safe_load(
            render(text, web="127.0.0.1:1", ping="127.0.0.1:2", routes="/r.yml", access_log="/a")
        )

        before["entryPoints"]["web"]["address"] = "127.0.0.1:1"
        before["entryPoints"]["ping"]["address"] = "127.0.0.1:2"
        before["providers"]["file"]["filename"] = "/r.yml"
        before["accessLog"]["filePath"] = "/a"
        assert after == before

    def test_leaves_the_access_log_out(self) -> None:
        text = render(self.TEXT, web="a:1", ping="a:2", routes="r", access_log=None)

        assert "accessLog" not in yaml.safe_load(text)


def test_the_process_stays_small() -> None:
    """Neither FastAPI, SQLAlchemy nor Pydantic: they would double its memory."""
    code = "import gateway.main, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert not {"fastapi", "sqlalchemy", "pydantic", "yaml"} & set(loaded.stdout.split())
