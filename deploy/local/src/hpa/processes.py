"""The processes of the suite: what is run, on which port, with which environment."""

import os
import re
import signal
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hpa.credentials import Secrets
from hpa.forks import Forks, can_fork
from hpa.gateway_config import write_gateway_config
from hpa.links import CALLS
from hpa.logs import Log
from hpa.nats_config import nats_url, write_nats_config
from hpa.options import SERVICES, Options
from hpa.paths import DataDir
from hpa.ports import HOST, Ports
from hpa.supervisor import Process

BIN: Final = Path(sysconfig.get_path("scripts"))
PRELOADED: Final = (
    *(f"{service}.main" for service in SERVICES), "messaging.sender", "messaging.bot",
    "gateway.main",
    # What is imported only while a service starts.
    "shared.serve", "aiosqlite", "uvicorn.lifespan.on", "uvicorn.loops.uvloop", "uvloop",
    "uvicorn.protocols.http.httptools_impl", "httpcore2", "anyio._backends._asyncio",
)  # fmt: skip
"""What the fork server imports, for all that are forked from it."""
NATS_FAULT: Final = re.compile(
    rb"critical write error|no space left|JetStream (?:out of|.*disabled)", re.IGNORECASE
)
NOT_FOR_CHILDREN: Final = (
    "PYTHONDONTWRITEBYTECODE", "TELEGRAM_BOT_TOKEN", "TELEGRAM_API_BASE", "OTEL_SERVICE_NAME",
)  # fmt: skip
"""
The first would make every start compile everything, two are for messaging alone, and under the
last all would have one name in their traces.
"""


@dataclass(frozen=True)
class Plan:
    """Everything that is decided before the first process starts."""

    options: Options
    data: DataDir
    secrets: Secrets
    nats: int
    ping: int
    gateway: int
    sender: int
    services: Mapping[str, tuple[int, ...]]

    @property
    def address(self) -> str:
        """Where people reach the suite."""
        return url(self.options.port)

    def urls(self, service: str) -> list[str]:
        """Return the addresses of a service's processes."""
        return [url(port) for port in self.services[service]]

    def reached(self, service: str, *, by: str) -> list[str]:
        """Return the addresses at which another service is told to ask it."""
        detour = self.options.detours.get(f"{by}>{service}")
        return [f"http://{detour}"] if detour else self.urls(service)


def url(port: int) -> str:
    """Return the address of what listens on *port*."""
    return f"http://{HOST}:{port}"


def make_plan(options: Options, data: DataDir, secrets: Secrets, ports: Ports) -> Plan:
    """Choose the ports: they stay, whatever is restarted."""
    return Plan(
        options=options,
        data=data,
        secrets=secrets,
        nats=ports.pick(),
        ping=ports.pick(),
        gateway=ports.pick(),
        sender=ports.pick(),
        services={
            service: tuple(ports.pick() for _ in range(options.workers(service)))
            for service in SERVICES
        },
    )


def make_forks(data: DataDir) -> Forks | None:
    """Return the fork server for Python's processes, where there can be one."""
    if not can_fork():
        return None
    return Forks(Log(data.log("forkserver")), str(data.root), _base_env(), PRELOADED)


def make_processes(plan: Plan) -> list[Process]:
    """Return everything that runs, in the order in which it is started: the slow ones first."""
    return [
        *(process for service in SERVICES for process in _service(plan, service)),
        _sender(plan),
        _documents(plan),
        _traefik(plan),
        _nats(plan),
    ]


def worker_name(service: str, number: int) -> str:
    """Return the name of a service's process: `auth`, then `auth-2`, …"""
    return service if number == 1 else f"{service}-{number}"


SENDER: Final = "messaging-sender"


def service_env(plan: Plan, service: str, port: int) -> dict[str, str]:
    """Return the environment of one service's process."""
    options, secrets = plan.options, plan.secrets
    env = _base_env() | {
        "HOST": HOST,
        "PORT": str(port),
        "ENVIRONMENT": options.environment,
        "DATABASE_URL": secrets.database_urls[service],
        "NATS_URL": nats_url(
            plan.nats, service, secrets.nats[service], detour=options.detours.get(f"{service}>nats")
        ),
        "JWKS_URL": f"{plan.reached('auth', by=service)[0]}/.well-known/jwks.json",
        "JWKS_CACHE": str(plan.data.jwks / f"{service}.json"),
        "SERVICE_SECRET": secrets.services[service],
        "HPA_TIME_ZONE": options.time_zone,
    }
    for called in CALLS[service]:
        env[f"{called.upper()}_URL"] = ",".join(plan.reached(called, by=service))
        env[f"{called.upper()}_SECRET"] = secrets.services[called]
    if service == "auth":
        env["KEYS_DIR"] = str(plan.data.keys)
        env |= _owner(plan)
    if service == "messaging":
        env["TELEGRAM_API_BASE"] = options.telegram_api_base
        if options.telegram_bot_token is not None:
            env["TELEGRAM_BOT_TOKEN"] = options.telegram_bot_token.get_secret_value()
    return env


def command_env(options: Options, data: DataDir, secrets: Secrets, service: str) -> dict[str, str]:
    """Return what a one-off command of *service* needs: its database and its keys, no network."""
    return _base_env() | {
        "DATABASE_URL": secrets.database_urls[service],
        "NATS_URL": "",
        "SERVICE_SECRET": secrets.services[service],
        "HPA_TIME_ZONE": options.time_zone,
        "KEYS_DIR": str(data.keys),
    }


def _owner(plan: Plan) -> dict[str, str]:
    password = plan.secrets.owner_password
    if plan.secrets.is_owner_told or password is None:
        return {}
    return {"OWNER_USERNAME": plan.options.owner_username, "OWNER_PASSWORD": password}


def _base_env() -> dict[str, str]:
    """Return what children inherit: the suite's own variables hold secrets of all of them."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HPA_") and name not in NOT_FOR_CHILDREN
    }


def _nats(plan: Plan) -> Process:
    return Process(
        name="nats",
        argv=(str(BIN / "nats-server"), "--config", str(plan.data.nats_config)),
        env=_base_env(),
        prepare=lambda: write_nats_config(plan.data, plan.nats, plan.secrets.nats),
        fault=NATS_FAULT,
        stop_seconds=1.5,
        stops_last=True,
    )


def _service(plan: Plan, service: str) -> list[Process]:
    return [
        Process(
            name=worker_name(service, number),
            argv=(service,),
            is_module=True,
            env=service_env(plan, service, port),
            stop_signal=signal.SIGINT,
        )
        for number, port in enumerate(plan.services[service], 1)
    ]


def _sender(plan: Plan) -> Process:
    return Process(
        name=SENDER,
        argv=("messaging", "sender"),
        is_module=True,
        env=service_env(plan, "messaging", plan.sender),
        stop_signal=signal.SIGINT,
    )


def _documents(plan: Plan) -> Process:
    services = ",".join(
        f"{service}={address}" for service in SERVICES for address in plan.urls(service)
    )
    return Process(
        name="gateway",
        argv=("gateway",),
        is_module=True,
        env=_base_env() | {"HOST": HOST, "PORT": str(plan.gateway), "SERVICES": services},
        stop_signal=signal.SIGINT,
    )


def _traefik(plan: Plan) -> Process:
    replicas = {f"{name.upper()}_URLS": ",".join(plan.urls(name)) for name in SERVICES}
    return Process(
        name="traefik",
        argv=(str(BIN / "traefik"), f"--configFile={plan.data.traefik_config}"),
        env=_base_env() | replicas | {"GATEWAY_URLS": url(plan.gateway)},
        prepare=lambda: write_gateway_config(plan.data, web=plan.options.port, ping=plan.ping),
        # Refused connections while the suite starts: its words for faults are kept over there.
        after=plan.gateway,
    )
