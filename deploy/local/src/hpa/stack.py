"""`stack.json`: where the running suite is, for other tools; its shape is fixed."""

from typing import Any
from urllib.parse import urlsplit

from hpa.nats_config import nats_url
from hpa.options import SERVICES
from hpa.paths import write_json
from hpa.processes import SENDER, Plan, worker_name
from hpa.supervisor import Supervisor


def stack_of(plan: Plan, pids: dict[str, int]) -> dict[str, Any]:
    """Describe the suite; *pids* are by process name."""
    return {
        "gateway": {"url": plan.address, "pid": pids["traefik"]},
        "nats": {
            "url": nats_url(plan.nats, "journal", plan.secrets.nats["journal"]),
            "pid": pids["nats"],
        },
        "services": {
            service: {"url": plan.urls(service)[0], "pids": _pids_of(plan, service, pids)}
            for service in SERVICES
        },
        "postgres": _postgres(plan),
    }


def write_stack(plan: Plan, supervisor: Supervisor) -> None:
    """Write the file anew, as soon as every process has been started once."""
    pids = {keeper.process.name: keeper.pid for keeper in supervisor.keepers}
    if all(pids.values()):
        write_json(plan.data.stack, stack_of(plan, pids))


def _pids_of(plan: Plan, service: str, pids: dict[str, int]) -> list[int]:
    names = [worker_name(service, number + 1) for number in range(len(plan.services[service]))]
    if service == "messaging":
        names.append(SENDER)
    return [pids[name] for name in names]


def _postgres(plan: Plan) -> dict[str, Any] | None:
    """Say where the databases are, without anybody's password."""
    if plan.options.postgres_url is None:
        return None
    parts = urlsplit(plan.options.postgres_url.get_secret_value())
    databases = {
        service: urlsplit(address).path.lstrip("/")
        for service, address in plan.secrets.database_urls.items()
    }
    return {"host": parts.hostname, "port": parts.port or 5432, "databases": databases}
