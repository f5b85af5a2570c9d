"""`hpa up`: the whole suite in the foreground, from the first start to Ctrl-C."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from typing import Final

from hpa import lock
from hpa.console import say
from hpa.credentials import Secrets
from hpa.databases import prepare_databases
from hpa.disk import restart_after_full_disk
from hpa.errors import Refused
from hpa.foreground import supervise
from hpa.gateway_config import gateway_folder
from hpa.health import ask_health
from hpa.nats_config import nats_url
from hpa.options import Options
from hpa.paths import DataDir, write_json
from hpa.ports import Ports
from hpa.prctl import die_with_parent
from hpa.processes import Plan, make_forks, make_plan, make_processes
from hpa.stack import write_stack
from hpa.supervisor import Supervisor
from hpa.targets import targets_of

PORT_SECONDS: Final = 5.0
HEALTH_POLL_SECONDS: Final = 0.1
SLOW_SECONDS: Final = 30.0


def run_up(options: Options, *, is_leashed: bool) -> int:
    """
    Run the suite until Ctrl-C or SIGTERM and return the exit code.

    Leashed: it also ends when its parent does (`make run`, whose parent is make). Raises `Refused`.
    """
    if is_leashed:
        die_with_parent(signal.SIGTERM)
    data = DataDir(options.data_dir)
    data.make()
    held = lock.take(data.lock)
    data.stack.unlink(missing_ok=True)  # of a suite that was killed
    ports = Ports()
    try:
        _claim(ports, options.port)
        asyncio.run(_up(options, data, ports, held))
    finally:
        data.stack.unlink(missing_ok=True)
        data.targets.unlink(missing_ok=True)
        ports.close()
        os.close(held)
    return 0


async def _up(options: Options, data: DataDir, ports: Ports, held: int) -> None:
    started = time.monotonic()
    secrets = Secrets.load(data)
    secrets.owner_password_for(
        options.owner_password.get_secret_value() if options.owner_password else None
    )
    await prepare_databases(options, data, secrets)
    secrets.save(data)
    plan = make_plan(options, data, secrets, ports)
    gateway_folder()
    write_json(data.targets, targets_of(plan))
    supervisor = Supervisor(
        make_processes(plan),
        data,
        held=[held],
        forks=make_forks(data),
        on_change=lambda: write_stack(plan, supervisor),
        say=lambda words: say(f"{time.monotonic() - started:6.1f} s  {words}"),
    )
    names = [keeper.process.name for keeper in supervisor.keepers]
    say(f"Starting {', '.join(names)}")
    say(f"Data and logs are in {data.root}")
    await supervise(
        supervisor,
        _declare(plan),
        _until_healthy(plan, lambda: _tell(plan, started)),
        restart_after_full_disk(supervisor, data.nats_store),
    )


async def _declare(plan: Plan) -> None:
    # Imported while the children start: they need the two cores more than this does.
    from shared.events.topology import keep_declared  # noqa: PLC0415
    from shared.logging import configure_logging  # noqa: PLC0415

    configure_logging("hpa", stream=plan.data.log("hpa").open("ab"))
    await keep_declared(nats_url(plan.nats, "ops", plan.secrets.nats["ops"]))


async def _until_healthy(plan: Plan, tell: Callable[[], None]) -> None:
    ready: set[str] = set()
    end = time.monotonic() + SLOW_SECONDS
    while True:
        health = await ask_health(plan.options.port)
        for name in sorted(health.ready - ready):
            say(f"{name} is ready")
        ready |= health.ready
        if health.is_ok:
            tell()
            return
        if time.monotonic() > end:
            say(f"Not ready yet: {health.says or 'no answer'}; see {plan.data.logs}")
            end += SLOW_SECONDS
        await asyncio.sleep(HEALTH_POLL_SECONDS)


def _tell(plan: Plan, started: float) -> None:
    secrets, options = plan.secrets, plan.options
    lines = [
        f"HPA is up after {time.monotonic() - started:.1f} s",
        "",
        f"  Address   {plan.address}",
        f"  Pages     {plan.address}/swdoc/  {plan.address}/redoc/",
        f"  Owner     {options.owner_username}",
    ]
    if not secrets.is_owner_told:
        if options.owner_password is None:
            lines.append(f"  Password  {secrets.owner_password}  (shown only this once)")
        else:
            lines.append("  Password  as given in HPA_OWNER_PASSWORD")
        secrets.owner_password, secrets.is_owner_told = None, True
        secrets.save(plan.data)
    say("\n".join([*lines, "", "Ctrl-C stops everything."]))


def _claim(ports: Ports, port: int) -> None:
    """Wait a moment for a suite that is just ending, then refuse."""
    end = time.monotonic() + PORT_SECONDS
    while not ports.claim(port):
        if time.monotonic() > end:
            message = f"port {port} is taken: stop what listens there, or choose another HPA_PORT"
            raise Refused(message)
        time.sleep(0.1)
