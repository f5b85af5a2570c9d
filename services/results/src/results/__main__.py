"""`python -m results` serves; `python -m results migrate` only brings the database up to date."""

from results.main import create_app
from results.settings import Settings
from shared.serve import serve

serve(create_app, Settings)
