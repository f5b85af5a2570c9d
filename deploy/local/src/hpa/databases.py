"""Where each service's database is: a SQLite file, or its own database on PostgreSQL."""

from hpa.credentials import Secrets
from hpa.options import SERVICES, Options
from hpa.paths import DataDir


async def prepare_databases(options: Options, data: DataDir, secrets: Secrets) -> None:
    """Make the databases that must be made and keep their addresses in *secrets*."""
    if options.postgres_url is None:
        secrets.database_urls = {
            service: f"sqlite+aiosqlite:///{data.sqlite(service)}" for service in SERVICES
        }
        return
    from hpa import postgres  # noqa: PLC0415 - its driver is of no use on SQLite

    secrets.database_urls = await postgres.provision(
        options.postgres_url.get_secret_value(),
        suite=secrets.suite,
        passwords=secrets.postgres,
        is_production=options.environment == "production",
    )
