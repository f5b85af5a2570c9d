"""`python -m worklogs`: the service; `python -m worklogs migrate`: only its migrations."""

from shared.serve import serve
from worklogs.main import create_app
from worklogs.settings import Settings

if __name__ == "__main__":
    serve(create_app, Settings)
