"""Traefik's static configuration for one machine, made from the one in the repository."""

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
    rendered: str = yaml.safe_dump(config, sort_keys=False)
    return rendered
