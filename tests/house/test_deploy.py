"""The ways of running agree: what a service is told in one it is told in the other."""

import re
from typing import Any

import pytest
import yaml

from shared.server import DRAIN_LIMIT_SECONDS, KEEP_ALIVE_SECONDS
from shared.settings import GATEWAY_SECONDS, LONGEST_DRAIN_SECONDS, NOTICE_SECONDS, ServiceSettings
from tests.house import tree

DEPLOY = tree.ROOT / "deploy"
ROLES = (*tree.SERVICES, "messaging-sender", "gateway")
IMAGES = {"traefik:v3.6", "nats:2.12-alpine", "postgres:17"}


def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text())
    return found


EYES = "observability"
ALL = document("compose.yml")["services"]
COMPOSE = {name: one for name, one in ALL.items() if EYES not in one.get("profiles", [])}
STACK = document("swarm/stack.yml")["services"]


def told(service: dict[str, Any]) -> set[str]:
    """Return what a service is told, by variable or by secret."""
    variables = service.get("environment", {})
    secrets = service.get("secrets", [])
    names = {one["target"] if isinstance(one, dict) else one for one in secrets}
    return {name.upper() for name in (*variables, *names)}


def unhardened(service: dict[str, Any]) -> set[str]:
    """Return which of the protections a container of our own lacks."""
    wanted = {
        "read_only": service.get("read_only") is True,
        "cap_drop": service.get("cap_drop") == ["ALL"],
        "grace": service.get("stop_grace_period") == "30s",
    }
    return {name for name, is_there in wanted.items() if not is_there}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_told_the_same_in_both(role: str) -> None:
    assert told(COMPOSE[role]) == told(STACK[role])


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_hardened_in_both(role: str) -> None:
    assert unhardened(COMPOSE[role]) == set()
    assert unhardened(STACK[role]) == set()
    assert "mem_limit" in COMPOSE[role]


def test_the_check_of_hardening_finds_what_is_missing() -> None:
    assert unhardened({"read_only": False, "cap_drop": []}) == {"read_only", "cap_drop", "grace"}


def test_only_the_gateway_is_reached_from_outside() -> None:
    assert [name for name, service in COMPOSE.items() if "ports" in service] == ["traefik"]
    assert [name for name, service in STACK.items() if "ports" in service] == ["traefik"]


def test_foreign_images_are_those_that_are_tested() -> None:
    used = {service["image"] for service in COMPOSE.values() if "hpa/" not in service["image"]}

    assert used == IMAGES


def test_a_secret_that_is_missing_refuses_with_its_name() -> None:
    text = (DEPLOY / "compose.yml").read_text()
    names = re.findall(r"\$\{(\w+(?:PASSWORD|SECRET))(:\?set \w+ in deploy/\.env)?\}", text)
    refusing = {name for name, refusal in names if refusal}

    assert {name for name, _ in names} == refusing
    example = (DEPLOY / ".env.example").read_text()
    assert refusing <= set(re.findall(r"(?m)^(\w+)=CHANGE_ME$", example))


def test_the_configuration_of_nats_is_fresh() -> None:
    import runpy  # noqa: PLC0415 - scripts are no package

    script = runpy.run_path(str(tree.ROOT / "scripts" / "build_nats_conf.py"))

    assert (DEPLOY / "nats.conf").read_text() == script["text"]()


def seconds(text: str) -> float:
    """Read what Traefik's files call a time."""
    number, unit = re.fullmatch(r"([\d.]+)(ms|s)", text.strip()).groups()  # type: ignore[union-attr]
    return float(number) / (1000 if unit == "ms" else 1)


def routed(name: str) -> float:
    """Return a time that the gateway's table gives the services."""
    text = (tree.ROOT / "gateway" / "routes.yml").read_text()
    _, _, own = text.partition("  serversTransports:")
    part = text.partition("loadBalancer:")[2] if name in {"interval", "timeout"} else own
    found = re.search(rf"\b{name}: (\w+)", part)
    assert found is not None, name
    return seconds(found[1])


class TestTimes:
    def test_of_idle_connections_are_longer_behind_the_gateway(self) -> None:
        assert routed("idleConnTimeout") < KEEP_ALIVE_SECONDS

    def test_of_requests_end_before_the_gateway_gives_up(self) -> None:
        assert routed("responseHeaderTimeout") == GATEWAY_SECONDS
        assert ServiceSettings.model_fields["request_seconds"].default < GATEWAY_SECONDS

    def test_of_draining_are_as_long_as_the_gateway_needs_to_notice(self) -> None:
        assert routed("interval") + routed("timeout") <= NOTICE_SECONDS
        assert ServiceSettings.model_fields["drain_seconds"].default >= NOTICE_SECONDS

    def test_of_ending_fit_into_what_containers_are_given(self) -> None:
        given = seconds(COMPOSE["results"]["stop_grace_period"])

        assert given > LONGEST_DRAIN_SECONDS + DRAIN_LIMIT_SECONDS
