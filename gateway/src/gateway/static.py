"""Traefik's static configuration for one machine, made from the one in the repository."""

from typing import Any

import yaml


def render(text: str, *, web: str, ping: str, routes: str, access_log: str | None) -> str:
    """
    Return the static file *text* with other addresses, table of routes and access log.

    Traefik takes a file or flags, never both, and no variables in the file. *access_log* None
    writes none.
    """
    config = yaml.safe_load(text)
    config["entryPoints"]["web"]["address"] = web
    config["entryPoints"]["ping"]["address"] = ping
    config["providers"]["file"]["filename"] = routes
    if access_log is None:
        del config["accessLog"]
    else:
        config["accessLog"]["filePath"] = access_log
    return _written(config)


def with_traces(text: str, endpoint: str, share: float = 1.0) -> str:
    """
    Return the static file *text* with spans that go to *endpoint*, OTLP's URL over HTTP.

    *share*: of the traces that begin at the gateway; what a caller has begun keeps his decision.
    """
    config = yaml.safe_load(text)
    config["tracing"] = {
        "serviceName": "gateway",
        "resourceAttributes": {"service.namespace": "hpa"},
        "sampleRate": share,
        "otlp": {"http": {"endpoint": endpoint}},
    }
    return _written(config)


def _written(config: dict[str, Any]) -> str:
    written: str = yaml.safe_dump(config, sort_keys=False)
    return written
