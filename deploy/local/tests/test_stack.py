"""stack.json: its shape is fixed, because other tools read it."""

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from hpa.credentials import Secrets
from hpa.options import SERVICES, Options
from hpa.paths import DataDir, write_json
from hpa.ports import Ports
from hpa.processes import Plan, make_plan, make_processes
from hpa.stack import stack_of


@pytest.fixture
def secrets(data: DataDir) -> Secrets:
    """Return secrets with the addresses of databases."""
    secrets = Secrets.load(data)
    secrets.database_urls = {
        service: f"postgresql+asyncpg://hpa_1_{service}:geheim@db.example:5433/hpa_1_{service}"
        for service in SERVICES
    }
    return secrets


MakePlan = Callable[..., Plan]


@pytest.fixture
def plan_of(data: DataDir, secrets: Secrets) -> Iterator[MakePlan]:
    """Return a function that makes a plan with the given options."""
    ports = Ports()

    def make(**options: object) -> Plan:
        return make_plan(Options.model_validate({"port": 8123} | options), data, secrets, ports)

    yield make
    ports.close()


def pids_of(plan: Plan) -> dict[str, int]:
    return {process.name: 100 + n for n, process in enumerate(make_processes(plan))}


class TestStack:
    def test_has_the_fixed_shape(self, plan_of: MakePlan, secrets: Secrets) -> None:
        plan = plan_of(workers_results=2)
        pids = pids_of(plan)

        stack = stack_of(plan, pids)

        urls = {service: f"http://127.0.0.1:{plan.services[service][0]}" for service in SERVICES}
        password = secrets.nats["journal"]
        assert stack == {
            "gateway": {"url": "http://127.0.0.1:8123", "pid": pids["traefik"]},
            "nats": {
                "url": f"nats://journal:{password}@127.0.0.1:{plan.nats}",
                "pid": pids["nats"],
            },
            "services": {
                "auth": {"url": urls["auth"], "pids": [pids["auth"]]},
                "exams": {"url": urls["exams"], "pids": [pids["exams"]]},
                "results": {"url": urls["results"], "pids": [pids["results"], pids["results-2"]]},
                "messaging": {
                    "url": urls["messaging"],
                    "pids": [pids["messaging"], pids["messaging-sender"]],
                },
                "worklogs": {"url": urls["worklogs"], "pids": [pids["worklogs"]]},
            },
            "postgres": None,
        }

    def test_names_the_databases_without_any_password(self, plan_of: MakePlan) -> None:
        url = SecretStr("postgresql://admin:geheim@db.example:5433")
        plan = plan_of(postgres_url=url)

        found = stack_of(plan, pids_of(plan))["postgres"]

        assert (found["host"], found["port"]) == ("db.example", 5433)
        assert found["databases"]["auth"] == "hpa_1_auth"
        assert "geheim" not in json.dumps(found)


class TestProcesses:
    def test_have_ports_of_their_own(self, plan_of: MakePlan) -> None:
        plan = plan_of(workers_exams=3)

        ports = [plan.nats, plan.ping, plan.gateway, *sum(plan.services.values(), ())]

        assert len(set(ports)) == len(ports) == 10

    def test_get_no_secret_but_their_own(
        self, plan_of: MakePlan, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HPA_POSTGRES_URL", "postgresql://admin:geheim@db.example")
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:geheim")
        monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
        plan = plan_of(telegram_bot_token=SecretStr("1:geheim"))

        env = {process.name: process.env for process in make_processes(plan)}

        assert "geheim" not in "".join(env["traefik"].values())
        assert secrets.services["messaging"] not in env["results"].values()
        assert env["results"]["EXAMS_SECRET"] == secrets.services["exams"]
        assert secrets.nats["auth"] not in "".join(env["results"].values())
        assert [name for name in env if "TELEGRAM_BOT_TOKEN" in env[name]] == [
            "messaging",
            "messaging-sender",
        ]
        assert not any("PYTHONDONTWRITEBYTECODE" in values for values in env.values())

    def test_are_told_a_detour_where_one_was_asked_for(self, plan_of: MakePlan) -> None:
        plan = plan_of(detours={"exams>results": "127.0.0.1:9000", "exams>nats": "127.0.0.1:9001"})

        env = {process.name: process.env for process in make_processes(plan)}

        assert env["exams"]["RESULTS_URL"] == "http://127.0.0.1:9000"
        assert env["exams"]["NATS_URL"].endswith("@127.0.0.1:9001")
        assert env["exams"]["AUTH_URL"] == plan.urls("auth")[0]
        assert env["results"]["NATS_URL"].endswith(f":{plan.nats}")

    def test_create_the_owner_at_the_first_start_only(
        self, plan_of: MakePlan, secrets: Secrets
    ) -> None:
        secrets.owner_password = "Egasi-2026"
        first = {p.name: p.env for p in make_processes(plan_of())}
        secrets.owner_password, secrets.is_owner_told = None, True
        second = {p.name: p.env for p in make_processes(plan_of())}

        assert first["auth"]["OWNER_PASSWORD"] == "Egasi-2026"
        assert "OWNER_PASSWORD" not in first["exams"]
        assert "OWNER_PASSWORD" not in second["auth"]


class TestWriteJson:
    def test_is_private_and_leaves_nothing_beside_it(self, tmp_path: Path) -> None:
        write_json(tmp_path / "stack.json", {"a": 1})
        write_json(tmp_path / "stack.json", {"a": 2})

        assert [path.name for path in tmp_path.iterdir()] == ["stack.json"]
        assert json.loads((tmp_path / "stack.json").read_text()) == {"a": 2}
        assert stat.S_IMODE((tmp_path / "stack.json").stat().st_mode) == 0o600
