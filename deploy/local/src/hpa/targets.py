"""`metrics.json`: where each process answers `/metrics`, in the form of Prometheus's `file_sd`."""

from hpa.options import SERVICES
from hpa.ports import HOST
from hpa.processes import SENDER, Plan, worker_name

Targets = list[dict[str, object]]


def targets_of(plan: Plan) -> Targets:
    """Name every process's port; they stay, whatever is restarted."""
    found = [
        _target(service, worker_name(service, number), port)
        for service in SERVICES
        for number, port in enumerate(plan.services[service], 1)
    ]
    return [
        *found,
        _target(SENDER, SENDER, plan.sender),
        _target("gateway", "gateway", plan.gateway),
        _target("traefik", "traefik", plan.ping),
    ]


def _target(job: str, process: str, port: int) -> dict[str, object]:
    return {"targets": [f"{HOST}:{port}"], "labels": {"job": job, "process": process}}
