"""The gateway's static configuration for this machine, made from the one in `gateway/`."""

from importlib.util import find_spec
from pathlib import Path

from hpa.errors import Refused
from hpa.paths import DataDir, write_private
from hpa.ports import HOST


def write_gateway_config(data: DataDir, *, web: int, ping: int) -> None:
    """Write Traefik's file; the table of routes is read where it stands."""
    from gateway.static import render, with_traces  # noqa: PLC0415 - after the services' start
    from shared.telemetry.settings import TracingSettings  # noqa: PLC0415 - like it

    folder = gateway_folder()
    text = render(
        (folder / "traefik.yml").read_text(),
        web=f"{HOST}:{web}",
        ping=f"{HOST}:{ping}",
        routes=str(folder / "routes.yml"),
        access_log=str(data.log("gateway-access")),
    )
    tracing = TracingSettings()
    if tracing.is_on:
        text = with_traces(text, tracing.url, tracing.share)
    write_private(data.traefik_config, text)


def gateway_folder() -> Path:
    """Return the folder of the gateway in this source tree. Raises `Refused` without one."""
    spec = find_spec("gateway")
    folder = Path(spec.origin).parents[2] if spec and spec.origin else Path()
    if not (folder / "traefik.yml").is_file():
        message = "the gateway's configuration is not there: run from the project's own .venv"
        raise Refused(message)
    return folder
