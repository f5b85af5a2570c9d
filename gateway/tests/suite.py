"""The real Traefik and the real document service in front of backends that fail when told."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gateway.static import render
from gateway.tests.backends import Backend
from shared.testing.processes import free_port, start, wait_until

FOLDER: Final = Path(__file__).parents[1]
SERVICES: Final = ("auth", "exams", "results", "messaging", "worklogs")
READS: Final = 4
"""Reads in flight in these tests, so that the limit can be reached."""
MIB: Final = 1 << 20
GUARD_SECONDS: Final = 20.0
"""No answer may take longer; nothing is measured."""


def traefik() -> str:
    """Return the binary; the variable TRAEFIK names another version to try."""
    return os.environ.get("TRAEFIK", str(Path(sysconfig.get_path("scripts")) / "traefik"))


@dataclass
class Answer:
    """What a client gets."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def backend(self) -> str:
        return str(self.json["backend"])


@dataclass
class Gateway:
    """The running gateway."""

    folder: Path
    replicas: dict[str, list[Backend]]
    web: int = field(default_factory=free_port)
    ping: int = field(default_factory=free_port)
    documents_port: int = field(default_factory=free_port)
    nobodys: int = field(default_factory=free_port)
    """A port on which nobody listens."""
    environment: dict[str, str] = field(default_factory=dict)
    """What Traefik is told beside the addresses."""
    documents: subprocess.Popen[bytes] | None = None
    traefik: subprocess.Popen[bytes] | None = None

    def __getitem__(self, service: str) -> Backend:
        return self.replicas[service][0]

    def start(self) -> None:
        for backend in self.backends:
            backend.start()
        self.start_documents()
        self.traefik = start(
            [traefik(), f"--configFile={self._static_file()}"],
            log=self.folder / "traefik.log",
            env=os.environ | self._addresses() | self.environment,
        )
        wait_until(lambda: self._answers(self.web, "/api/v1/exams/"), seconds=30, what="Traefik")
        wait_until(self.documents_are_found, seconds=15, what="an error has a page")

    def start_documents(self) -> None:
        services = ",".join(
            f"{name}={backend.url}" for name, all_ in self.replicas.items() for backend in all_
        )
        self.documents = start(
            [sys.executable, "-m", "gateway"],
            log=self.folder / "documents.log",
            env=os.environ | {"PORT": str(self.documents_port), "SERVICES": services},
        )
        wait_until(
            lambda: self._answers(self.documents_port, "/health/"), seconds=30, what="documents"
        )

    def documents_are_found(self) -> bool:
        """Say whether the gateway asks no place for the page of an error where there is none."""
        too_big = bytes(MIB + 1)
        answers = [self.ask("POST", "/api/v1/messages/", body=too_big) for _ in range(4)]
        return all(each.body.startswith(b"{") for each in answers)

    def stop_documents(self) -> None:
        assert self.documents is not None
        self.documents.send_signal(signal.SIGKILL)
        self.documents.wait()

    def close(self) -> None:
        for process in (self.traefik, self.documents):
            if process is not None:
                process.kill()
                process.wait()
        for backend in self.backends:
            backend.close()

    @property
    def backends(self) -> list[Backend]:
        return [backend for all_ in self.replicas.values() for backend in all_]

    def heal(self) -> None:
        """Bring all backends back and wait until the gateway sends to each of them."""
        for backend in self.backends:
            backend.reset()
            backend.start()
        for path, backends in PROBES.items():
            for place in backends:
                backend = self.replicas[place[0]][place[1]]
                wait_until(
                    lambda backend=backend, path=path: (  # type: ignore[misc]
                        self.ask("GET", path).body.find(f'"{backend.name}"'.encode()) > 0
                    ),
                    seconds=15,
                    what=f"{backend.name} is healthy again",
                )
        for backend in self.backends:
            backend.reset()

    def ask(
        self,
        method: str,
        target: str,
        *,
        headers: dict[str, str] | None = None,
        body: bytes | Iterable[bytes] | None = None,
    ) -> Answer:
        """Send one request on a connection of its own, its path as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.web, timeout=GUARD_SECONDS)
        try:
            connection.request(method, target, body, headers or {}, encode_chunked=True)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def _static_file(self) -> Path:
        routes = (FOLDER / "routes.yml").read_text()
        routes, count = re.subn(r"(-reads: \{inFlightReq: .*mul) \d+", rf"\1 {READS}", routes)
        assert count == 1
        (self.folder / "routes.yml").write_text(routes)
        text = render(
            (FOLDER / "traefik.yml").read_text().replace("readTimeout: 10s", "readTimeout: 1s"),
            web=f"127.0.0.1:{self.web}",
            ping=f"127.0.0.1:{self.ping}",
            routes=str(self.folder / "routes.yml"),
            access_log=str(self.folder / "access.log"),
        )
        assert "readTimeout: 1s" in text
        path = self.folder / "traefik.yml"
        path.write_text(text)
        return path

    def _addresses(self) -> dict[str, str]:
        found = {
            f"{name.upper()}_URLS": ",".join(backend.url for backend in all_)
            for name, all_ in self.replicas.items()
        }
        # As in compose.yml, where the second place of each is empty but during a deployment.
        documents = [f"http://127.0.0.1:{port}" for port in (self.documents_port, self.nobodys)]
        return found | {"GATEWAY_URLS": ",".join(documents)}

    def _answers(self, port: int, path: str) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=GUARD_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False
        finally:
            connection.close()


PROBES: Final = {
    "/api/v1/users/": [("auth", 0)],
    "/api/v1/exams/": [("exams", 0)],
    "/api/v1/exam-results/": [("results", 0), ("results", 1)],
    "/api/v1/messages/": [("messaging", 0)],
    "/api/v1/dashboard/": [("worklogs", 0)],
}


def make_gateway(folder: Path) -> Gateway:
    """Return a gateway that is not started yet; results has two replicas."""
    replicas = {name: [Backend(name, free_port())] for name in SERVICES}
    replicas["results"].append(Backend("results-2", free_port()))
    return Gateway(folder, replicas)
