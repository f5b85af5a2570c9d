"""The gateway's static configuration for this machine, made from the one in `gateway/`."""

from pathlib import Path

import gateway
from gateway.static import render
from hpa.paths import write_private
from hpa.ports import HOST
from hpa.processes import Plan


def write_gateway_config(plan: Plan) -> None:
    """Write Traefik's file; the table of routes is read where it stands."""
    folder = Path(str(gateway.__file__)).parents[2]
    text = render(
        (folder / "traefik.yml").read_text(),
        web=f"{HOST}:{plan.options.port}",
        ping=f"{HOST}:{plan.ping}",
        routes=str(folder / "routes.yml"),
        access_log=str(plan.data.log("gateway-access")),
    )
    write_private(plan.data.traefik_config, text)
