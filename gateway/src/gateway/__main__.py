"""Runs the document service: `python -m gateway`."""

import os

from gateway.main import run
from gateway.settings import Settings

if __name__ == "__main__":
    # Settings without pydantic, which would take a fifth of the memory of this small process.
    run(Settings.read(os.environ))  # noqa: TID251 - this is where the settings are read
