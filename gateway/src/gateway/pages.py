"""Swagger UI, ReDoc and the page of events, from files of our own; no page asks another host."""

import hashlib
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

OWN: Final = Path(__file__).parent / "assets"
VENDOR: Final = "fastapi_offline"
"""The package whose files we serve. It is found, not imported: it would load FastAPI."""
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
LOGO: Final = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
OWN_LOGO: Final = b"/redoc/assets/favicon.png"


def routes() -> list[BaseRoute]:
    """Return the routes of the pages and of what they load."""
    files = StaticFiles(directory=OWN, packages=[(VENDOR, "static")])
    found: list[BaseRoute] = [Route("/redoc/assets/redoc.standalone.js", redoc_script)]
    for name in ("swdoc", "redoc", "asyncdoc"):
        page = _page((OWN / f"{name}.html").read_bytes())
        found += [Route(f"/{name}/", page), Route(f"/{name}", page)]
        found.append(Mount(f"/{name}/assets", files))
    return found


def _page(body: bytes) -> Callable[[Request], Awaitable[Response]]:
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}

    async def show(_: Request) -> Response:
        return Response(body, headers=headers, media_type="text/html")

    return show


async def redoc_script(request: Request) -> Response:
    """Serve ReDoc without the address of a logo that it would fetch from elsewhere."""
    script = _vendor_folder().joinpath("redoc.standalone.js").read_bytes().replace(LOGO, OWN_LOGO)
    etag = f'"{hashlib.sha256(script).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(script, headers=headers, media_type="text/javascript")


def _vendor_folder() -> Path:
    spec = find_spec(VENDOR)
    if spec is None or spec.origin is None:
        message = f"{VENDOR} is not installed"
        raise RuntimeError(message)
    return Path(spec.origin).parent / "static"
