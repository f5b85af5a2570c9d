"""Finds the sentences in modules that a caller may be told."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.house import tree

SILENT: Final = {
    "__main__.py",
    "examples.py",
    "main.py",
    "own.py",
    "merge.py",
    "links.py",  # what the bot says in the chat
    "openapi.py",
    "pagination.py",
    "texts.py",
}
"""Modules whose sentences stand in terminals, documents or chats."""
DESCRIPTIVE: Final = {"description", "DESCRIPTIONS", "WHAT", "DRY_RUN_TEXT", "TABLE"}
"""Keywords and names whose sentences stand in the document."""


def sentences(text: str) -> set[str]:
    """Return the sentences of a module, `{}` where something is filled in."""
    module = ast.parse(text)
    ignored = {id(node) for part in _unsaid(module) for node in ast.walk(part)}
    found = set()
    for node in ast.walk(module):
        if id(node) in ignored:
            continue
        if isinstance(node, ast.JoinedStr):
            ignored |= {id(part) for part in node.values}
            found.add(_template(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return {one for one in found if one[:1].isupper() and " " in one and one.endswith(".")}


def _template(node: ast.JoinedStr) -> str:
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
    )


def _unsaid(module: ast.Module) -> Iterator[ast.AST]:
    """Yield docstrings, and what stands only in the document or beside a metric."""
    for node in ast.walk(module):
        match node:
            case ast.Expr(value=ast.Constant()):
                yield node.value
            case ast.Call(args=[ast.Constant(value=str(name)), *_]) if name.startswith("hpa_"):
                yield node
            case ast.keyword(arg=name) if name in DESCRIPTIVE:
                yield node
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if name in DESCRIPTIVE:
                    yield node
            case ast.Dict():
                yield from _described(node)


def _described(node: ast.Dict) -> Iterator[ast.AST]:
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and key.value in DESCRIPTIVE:
            yield value


def modules() -> Iterator[Path]:
    """Yield the modules whose sentences may reach a caller."""
    for folder in (*(tree.ROOT / "services").glob("*/src"), tree.ROOT / "shared/src/shared"):
        for path in folder.rglob("*.py"):
            if path.name not in SILENT and not {"testing", "contracts"} & set(path.parts):
                yield path
    yield tree.ROOT / "gateway/src/gateway/errors.py"
