"""The suite as containers: the compose file as it is, through testcontainers."""

import asyncio
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from docker.models.containers import Container
from testcontainers.compose import DockerCompose
from testcontainers.core.docker_client import DockerClient
from typing_extensions import override

from hpa.fsck.run import check_all
from shared.clock import utcnow
from tests.e2e.running import OWNER, PASSWORD, SERVICES, START_SECONDS, Running

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
TOOLS = "nats:2.12-alpine"
"""A small image that the suite needs anyway, for what is done from outside its containers."""
SERVICE_OF = {"gateway": "traefik", "documents": "gateway"}
"""How compose calls what the tests call otherwise."""
STOP_SECONDS = 120
COMPOSE = pytest.mark.parametrize("running", ["compose"], indirect=True)
"""Marks a test of what only containers have."""
ZONE = "Asia/Tashkent"
REAPER = """
cat > /dev/null  # until whoever started the suite closes the pipe, or dies
mine="label=com.docker.compose.project=$PROJECT"
docker ps -aq --filter "$mine" | xargs -r docker rm -fv
docker volume ls -q --filter "$mine" | xargs -r docker volume rm
docker network ls -q --filter "$mine" | xargs -r docker network rm
docker images -q "hpa/*:$TAG*" | sort -u | xargs -r docker rmi -f
"""


@cache
def engine_is_missing() -> str | None:
    """Say why the containers cannot be run here, None when they can."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    for command in (["docker", "info"], ["docker", "compose", "version"]):
        tried = subprocess.run(command, capture_output=True, text=True, check=False)
        if tried.returncode:
            return f"{' '.join(command)}: {tried.stderr.strip()[-200:]}"
    return None


def bridge_address() -> str:
    """Return the address at which containers reach this machine."""
    network = DockerClient().client.networks.get("bridge")
    return str(network.attrs["IPAM"]["Config"][0]["Gateway"])


class Containers(Running):
    """One compose project with images, volumes and networks of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        super().__init__()
        self.tag = f"e2e-{uuid4().hex[:8]}"
        self.project = f"hpa-{self.tag}"
        self.docker = DockerClient().client
        self._folder = folder
        self._environment = {
            "HPA_PORT": self.url.rpartition(":")[2],
            "HPA_TAG": self.tag,
            "HPA_OWNER_USERNAME": OWNER,
            "HPA_OWNER_PASSWORD": PASSWORD,
            "COMPOSE_PROJECT_NAME": self.project,
            **environment,
        }
        self.secrets: dict[str, str] = {}
        self._reaper: subprocess.Popen[bytes] | None = None

    @override
    def start(self) -> None:
        self._folder.mkdir(parents=True)
        self._write_environment(self._folder / "env")
        self._reaper = subprocess.Popen(  # noqa: S602 - a script of ours
            REAPER,
            shell=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PROJECT": self.project, "TAG": self.tag},
            start_new_session=True,  # Ctrl-C ends the tests, not this
        )
        DockerCompose(
            ROOT,
            compose_file_name="deploy/compose.yml",
            env_file=str(self._folder / "env"),
            build=True,
        ).start()
        self.wait_until_healthy(START_SECONDS)

    def _write_environment(self, path: Path) -> None:
        subprocess.run([DEPLOY / "make-env.sh", path], check=True, capture_output=True)
        lines = (line.partition("=") for line in path.read_text().splitlines() if "=" in line)
        self.secrets = {name: value for name, _, value in lines} | self._environment
        path.write_text("".join(f"{name}={value}\n" for name, value in self.secrets.items()))

    @override
    def stop(self) -> None:
        reaper, self._reaper = self._reaper, None
        if reaper is None:
            return
        reaper.communicate(timeout=STOP_SECONDS)
        left = [
            *self.docker.containers.list(all=True, filters=self.mine),
            *self.docker.volumes.list(filters=self.mine),
            *self.docker.networks.list(filters=self.mine),
            *self.docker.images.list(filters={"reference": f"hpa/*:{self.tag}*"}),
        ]
        assert not left, f"left behind: {left}"

    @property
    def mine(self) -> dict[str, str]:
        return {"label": f"com.docker.compose.project={self.project}"}

    def run(self, *command: str | Path, **environment: str) -> str:
        """Run a command of `deploy/` against this project and return what it said."""
        told = {"COMPOSE_ENV_FILES": str(self._folder / "env"), **self._environment, **environment}
        done = subprocess.run(
            [str(part) for part in command],
            env={**os.environ, **told},
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def compose(self, *arguments: str) -> str:
        """Run `docker compose` against this project."""
        return self.run("docker", "compose", "-f", "deploy/compose.yml", *arguments)

    @override
    def restart(self) -> None:
        self.compose("restart")
        self.wait_until_healthy(START_SECONDS)

    def containers(self) -> dict[str, Container]:
        """Return every container of the project, ended ones too, by its service."""
        found = self.docker.containers.list(all=True, filters=self.mine)
        return {each.labels["com.docker.compose.service"]: each for each in found}

    def container(self, name: str) -> Container:
        """Return the container of a part."""
        service = SERVICE_OF.get(name, name)
        wanted = [self.mine["label"], f"com.docker.compose.service={service}"]
        return self.docker.containers.list(all=True, filters={"label": wanted})[0]

    def address(self, name: str) -> str:
        """Return the address of a part on the inner network, which this machine reaches too."""
        networks = self.container(name).attrs["NetworkSettings"]["Networks"]
        return str(networks[f"{self.project}_inside"]["IPAddress"])

    @override
    def nats_url(self, user: str) -> str:
        password = self.secrets[f"NATS_{user.upper()}_PASSWORD"]
        return f"nats://{user}:{password}@{self.address('nats')}:4222"

    def database_url(self, service: str) -> str:
        """Return the address of a service's database, as that service."""
        login = f"{service}:{self.secrets[f'{service.upper()}_DB_PASSWORD']}"
        return f"postgresql+asyncpg://{login}@{self.address('postgres')}:5432/{service}"

    @override
    def broken_promises(self) -> str:
        urls = {service: self.database_url(service) for service in SERVICES}
        check = check_all(urls, zone=ZONE, now=utcnow, is_running=True, patience=10)
        report = asyncio.run(check)
        return "" if report.is_clean else str(report.as_json())

    @override
    def why_dead(self) -> str | None:
        return None  # the engine starts again whatever ends

    def outside(self, *command: str, **options: Any) -> None:
        """Run a command as root in a container of its own, beside those of the suite."""
        self.docker.containers.run(
            TOOLS, list(command[1:]), entrypoint=command[0], user="0", remove=True, **options
        )

    def inside(self, name: str, script: str) -> str:
        """Run a shell script in a container of the suite and return what it said."""
        return str(self.container(name).exec_run(["sh", "-c", script]).output.decode())
