"""Pin by hash what each image installs: deploy/locks/<name>.lock, within requirements.lock."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
IMAGES = {
    **{path.name: path for path in sorted((ROOT / "services").iterdir()) if path.is_dir()},
    "gateway": ROOT / "gateway",
}


def dependencies(folder: Path) -> set[str]:
    """Return what the package in *folder* declares, and what it takes from shared."""
    declared = set(_project(folder)["dependencies"])
    shared = _project(ROOT / "shared")
    found = {one for one in declared if not one.startswith("hpa-")} | set(shared["dependencies"])
    if "hpa-shared[service]" in declared:
        found |= set(shared["optional-dependencies"]["service"])
    return found


def _project(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    return found


def main() -> None:
    """Write every lock."""
    uv = Path(sys.executable).parent / "uv"
    for name, folder in IMAGES.items():
        wanted = dependencies(folder)
        options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--quiet"]
        options += ["--no-emit-index-url", "--no-header", "--no-annotate"]
        options += ["--constraint", str(ROOT / "requirements.lock")]
        target = ROOT / "deploy" / "locks" / f"{name}.lock"
        subprocess.run(
            [str(uv), "pip", "compile", *options, "--output-file", str(target), "-"],
            input="\n".join(sorted(wanted)),
            text=True,
            check=True,
        )


if __name__ == "__main__":
    main()
