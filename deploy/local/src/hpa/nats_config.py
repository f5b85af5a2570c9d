"""The broker's configuration file, and how its users reach it."""

from hpa.paths import DataDir, write_private
from hpa.ports import HOST


def write_nats_config(data: DataDir, port: int, passwords: dict[str, str]) -> None:
    """Write the file, which holds every user's password: 0600."""
    from shared.events.nats_config import render  # noqa: PLC0415 - 0.5 s of imports, see prepare

    write_private(
        data.nats_config, render(passwords, listen=f"{HOST}:{port}", store=data.nats_store)
    )


def nats_url(port: int, user: str, password: str, *, detour: str | None = None) -> str:
    """Return the address that *user* connects to; a *detour* is what stands between."""
    return f"nats://{user}:{password}@{detour or f'{HOST}:{port}'}"
