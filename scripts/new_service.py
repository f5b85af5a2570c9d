"""Lays out a further service from the skeleton and writes its name into every register."""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
SKELETON = Path(__file__).parent / "skeleton"
LAST = "worklogs"
"""The service after which every register names the new one."""

Edit = Callable[[str, str], str]


def after_paths(text: str, name: str) -> str:
    """Name the service's folder after the last one in a list of folders."""
    return text.replace(f"services/{LAST}", f"services/{LAST} services/{name}", 1)


def after_words(text: str, name: str) -> str:
    """Name the service after the last one in every list of quoted words."""
    return re.sub(
        rf'"(?P<before>[\w./]*)\b{LAST}\b(?P<after>[\w./]*)"',
        lambda found: f'{found[0]}, "{found["before"]}{name}{found["after"]}"',
        text,
    )


def after_line(line: str, added: str) -> Edit:
    """Return an edit that puts a line after the one that *line* describes."""

    def edit(text: str, name: str) -> str:
        return re.sub(line, lambda found: f"{found[0]}\n{added.replace('{}', name)}", text, count=1)

    return edit


def after_sections(text: str, name: str) -> str:
    """
    Repeat the sections and single lines of the last service for the new one.

    Meant for compose files: a section begins two spaces deep, and what it names of exams goes.
    """
    lines, section, result = text.splitlines(keepends=True), False, []
    waiting: list[str] = []
    for line in [*lines, "end"]:
        if re.match(r" {0,2}\S", line):
            section = re.match(rf"  {LAST}\b.*:", line) is not None
            if not section:
                result += waiting
                waiting = []
        result.append(line)
        if section and "exams" not in line.lower():
            waiting.append(_renamed(line, name))
        elif not section and LAST in line.lower():
            result[-1:] = _beside(line, name)
    return "".join(result[:-1])


def after_lines(text: str, name: str) -> str:
    """Repeat every line of the last service for the new one."""
    return "".join(
        line + (_renamed(line, name) if LAST in line.lower() else "")
        for line in text.splitlines(keepends=True)
    )


def _beside(line: str, name: str) -> list[str]:
    address = f"{LAST}=http://{LAST}:8000"
    if address in line:
        return [line.replace(address, f"{address},{_renamed(address, name)}")]
    return [line, _renamed(line, name)]


def _renamed(text: str, name: str) -> str:
    return text.replace(LAST, name).replace(LAST.upper(), name.upper())


REGISTERS: dict[str, tuple[Edit, ...]] = {
    "Makefile": (after_paths,),
    "pyproject.toml": (after_words,),
    "gateway/routes.yml": (
        after_line(rf'.*"name" "{LAST}".*', '  (dict "name" "{}" "paths" (list "{}"))'),
    ),
    "shared/src/shared/events/topology.py": (after_words,),
    "shared/src/shared/contracts/auth.py": (after_words,),
    "deploy/local/src/hpa/options.py": (
        after_words,
        after_line(rf".*workers_{LAST}: .*", "    workers_{}: int = Field(default=1, ge=1, le=64)"),
    ),
    "deploy/local/src/hpa/links.py": (after_line(rf'.*"{LAST}": \(.*', '    "{}": ("auth",),'),),
    "README.md": (
        after_line(
            rf".*\(services/{LAST}/README.md\).*",
            "| [services/{}](services/{}/README.md) | {} | `{}/` |",
        ),
    ),
    "tests/e2e/running.py": (after_words,),
    "deploy/compose.yml": (after_sections,),
    "deploy/swarm/stack.yml": (after_sections,),
    "deploy/.env.example": (after_lines,),
    "deploy/observability/prometheus.yml": (after_lines,),
    "deploy/postgres/init.sh": (lambda text, name: text.replace(LAST, f"{LAST} {name}", 1),),
}


def lay_out(root: Path, name: str) -> list[Path]:
    """Write the service's files and register it; returns what was written."""
    folder = root / "services" / name
    written = []
    for template in sorted(SKELETON.rglob("*.tmpl")):
        place = str(template.relative_to(SKELETON)).removesuffix(".tmpl").replace("NAME", name)
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled(template.read_text(), name))
        written.append(path)
    for register, edits in REGISTERS.items():
        path = root / register
        text = path.read_text()
        for edit in edits:
            changed = edit(text, name)
            if changed == text:
                message = f"{register}: {LAST} was not found where it should be"
                raise SystemExit(message)
            text = changed
        path.write_text(text)
        written.append(path)
    lock = root / f"deploy/locks/{name}.lock"
    lock.write_text((root / f"deploy/locks/{LAST}.lock").read_text())  # the same dependencies
    subprocess.run(
        [sys.executable, root / "scripts/build_nats_conf.py"],
        env={**os.environ, "PYTHONPATH": str(root / "shared/src")},
        check=True,
    )
    return [*written, lock, root / "deploy/nats.conf"]


def _filled(text: str, name: str) -> str:
    noun = name.removesuffix("s")
    words = {"<names>": name, "<Nouns>": name.title(), "<noun>": noun, "<Noun>": noun.title()}
    return re.sub(r"<\w+>", lambda found: words[found[0]], text)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="a plural in small letters, as in rooms")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project, for tests")
    arguments = parser.parse_args()
    if not re.fullmatch(r"[a-z]{2,20}s", arguments.name):
        parser.error("the name is a plural in small letters")
    if (arguments.root / "services" / arguments.name).exists():
        parser.error("there is such a service")
    for path in lay_out(arguments.root, arguments.name):
        print(path.relative_to(arguments.root))
    print("next: make fix setup events openapi test")


if __name__ == "__main__":
    main()
