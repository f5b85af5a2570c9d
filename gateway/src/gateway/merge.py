"""Merging the OpenAPI documents of the services into one, and taking it apart again."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Document = dict[str, Any]

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
PUBLIC: Final = ("/api/v1/", "/.well-known/")
READING: Final = ("auth", "exams", "results", "messaging", "worklogs")
"""In which order people read of the services; further ones follow, the gateway comes last."""
INFO: Final = {
    "title": "HPA",
    "version": "1.0.0",
    "description": (
        "The API of the HPA suite. All paths answer with and without their last slash. "
        "A part that is down or overloaded answers 503 with `Retry-After`. "
        "The sentences of errors follow `Accept-Language` (uz, ru, en), their names and codes do "
        "not; without it refusals of the business are in Uzbek, all else is in English."
    ),
}


class Collision(Exception):
    """Two services use one name for different things."""


def merge(documents: Mapping[str, Document]) -> Document:
    """
    Merge the *documents* by service into one.

    Operations carry the tag of their service, paths that are not public and components that
    nobody refers to are left out. Raises `Collision` when a path with method, an operation id
    or a component name is used for two different things.
    """
    paths: dict[str, Any] = {}
    named: dict[str, dict[str, Any]] = {}
    operation_ids: set[str] = set()
    documents = {service: documents[service] for service in sorted(documents, key=_place_of)}
    for service, document in documents.items():
        for path, method, part in _parts(document):
            item = paths.setdefault(path, {})
            if method not in METHODS:
                _put(item, method, part, f"{method} of {path}")
                continue
            if method in item:
                _collide(f"{method.upper()} {path}")
            operation_id = part["operationId"]
            if operation_id in operation_ids:
                _collide(f"operation id {operation_id}")
            operation_ids.add(operation_id)
            item[method] = {**part, "tags": [service]}
        for section, components in document.get("components", {}).items():
            for name, body in components.items():
                _put(named.setdefault(section, {}), name, body, f"{section} {name}")
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [_tag(service, document) for service, document in documents.items()],
        "paths": paths,
        "components": _referred(paths, named),
    }


def _place_of(service: str) -> tuple[int, bool, str]:
    known = READING.index(service) if service in READING else len(READING)
    return known, service == "gateway", service


def split(document: Document) -> dict[str, Document]:
    """Take a merged document apart: merging what this returns gives *document* again."""
    found: dict[str, Document] = {}
    for tag in document["tags"]:
        service = tag["name"]
        paths: dict[str, Any] = {}
        for path, item in document["paths"].items():
            own = {
                method: part
                for method, part in item.items()
                if method in METHODS and part["tags"] == [service]
            }
            if own:
                shared = {name: part for name, part in item.items() if name not in METHODS}
                paths[path] = {**shared, **own}
        found[service] = {
            "info": {"description": tag.get("description", "")},
            "paths": paths,
            "components": _referred(paths, document["components"]),
        }
    return found


def _parts(document: Document) -> Iterator[tuple[str, str, Any]]:
    for path, item in document.get("paths", {}).items():
        if path.startswith(PUBLIC):
            for method, part in item.items():
                yield path, method, part


def _put(into: dict[str, Any], name: str, body: Any, what: str) -> None:  # noqa: ANN401 - JSON
    if into.setdefault(name, body) != body:
        _collide(what)


def _collide(what: str) -> None:
    message = f"two services disagree on {what}"
    raise Collision(message)


def _tag(service: str, document: Document) -> dict[str, str]:
    description = document.get("info", {}).get("description", "")
    return {"name": service, **({"description": description} if description else {})}


def _referred(paths: Document, named: Mapping[str, Mapping[str, Any]]) -> Document:
    """Return the components that *paths* use, directly or through others, in order of name."""
    used: set[tuple[str, str]] = set()
    waiting: list[Any] = [paths]
    while waiting:
        for section, name in _references(waiting.pop()):
            if (section, name) not in used:
                used.add((section, name))
                waiting.append(named[section][name])
    # Security schemes are named, not referred to.
    used |= {("securitySchemes", name) for name in named.get("securitySchemes", {})}
    found: Document = {}
    for section, name in sorted(used):
        found.setdefault(section, {})[name] = named[section][name]
    return found


def _references(node: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                _, _, section, name = value.split("/")
                yield section, name
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
