"""What containers have beyond processes: walls around each."""

from typing import Any

from tests.e2e.containers import COMPOSE, Containers
from tests.e2e.suite import Suite


def weaknesses(container: dict[str, Any]) -> set[str]:
    """Return which of the walls a container lacks, by what the engine says of it."""
    host, config = container["HostConfig"], container["Config"]
    wanted = {
        "a user of its own": config["User"].partition(":")[0] not in ("", "0", "root"),
        "a read-only root": host["ReadonlyRootfs"],
        "no capability": host["CapDrop"] == ["ALL"] and not host["CapAdd"],
        "no new privileges": "no-new-privileges:true" in (host["SecurityOpt"] or []),
        "no privileges": not host["Privileged"],
        "a limit of memory": host["Memory"] > 0,
        "a limit of processes": (host["PidsLimit"] or 0) > 0,
        "a bounded log": "max-size" in host["LogConfig"]["Config"],
        "a restart": host["RestartPolicy"]["Name"] == "unless-stopped",
        "a health check": bool(config.get("Healthcheck")),
    }
    return {name for name, is_there in wanted.items() if not is_there}


ALLOWED = {
    # Its entry point starts as root to own its folder, then becomes the user postgres.
    "postgres": {"a user of its own", "a read-only root", "no capability"},
    # Runs once, to give a new volume to the broker's user.
    "nats-store": {"a user of its own", "no capability", "a restart", "a health check"},
}


@COMPOSE
class TestAContainer:
    async def test_has_all_its_walls(self, suite: Suite) -> None:
        assert isinstance(suite.running, Containers)
        found = {name: weaknesses(each.attrs) for name, each in suite.running.containers().items()}

        assert {name: lacking for name, lacking in found.items() if lacking} == ALLOWED

    async def test_of_ours_is_nobody_in_particular_and_writes_only_where_it_must(
        self, suite: Suite
    ) -> None:
        assert isinstance(suite.running, Containers)
        for name in ("auth", "results", "messaging-sender", "gateway", "traefik", "nats"):
            told = suite.running.inside(
                name,
                "id -u; grep -E 'CapEff|NoNewPrivs' /proc/1/status; touch /x 2>&1; touch /tmp/x",
            )

            assert "uid=0" not in told
            assert not told.startswith("0\n"), name
            assert "CapEff:\t0000000000000000" in told, name
            assert "NoNewPrivs:\t1" in told, name
            assert "Read-only file system" in told, name

    async def test_keeps_what_it_keeps_in_a_volume_with_a_name(self, suite: Suite) -> None:
        assert isinstance(suite.running, Containers)
        for name, container in suite.running.containers().items():
            kept = [each["Name"] for each in container.attrs["Mounts"] if each["Type"] == "volume"]

            assert all(one.startswith(f"{suite.running.project}_") for one in kept), name

    async def test_of_ours_says_what_it_is(self, suite: Suite) -> None:
        assert isinstance(suite.running, Containers)
        for service in ("auth", "exams", "results", "messaging", "worklogs"):
            labels = suite.running.container(service).labels

            assert labels["org.opencontainers.image.title"] == f"hpa-{service}"
            assert labels["org.opencontainers.image.version"] == suite.running.tag

    async def test_holds_the_code_of_its_own_service_only(self, suite: Suite) -> None:
        assert isinstance(suite.running, Containers)

        told = suite.running.inside("exams", "ls /app; ls /venv/bin; ls /app/shared")

        assert {"exams", "shared"} <= set(told.split())
        assert not {"auth", "results", "worklogs", "gateway", "testing", "pip"} & set(told.split())
