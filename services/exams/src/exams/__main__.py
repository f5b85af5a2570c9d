"""`python -m exams` runs the service, `python -m exams migrate` only its migrations."""

from exams.main import create_app
from exams.settings import Settings
from shared.serve import serve

if __name__ == "__main__":
    serve(create_app, Settings)
