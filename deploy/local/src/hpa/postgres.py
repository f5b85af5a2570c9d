"""One database and one role per service on a PostgreSQL server that somebody else runs."""

import base64
import hashlib
import hmac
import secrets
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from hpa.errors import Refused

RISKY: Final = ("fsync", "full_page_writes", "synchronous_commit")
ROUNDS: Final = 4096
CONNECT_SECONDS: Final = 5

# Identifiers and literals are quoted by the server itself.
CREATE_ROLE: Final = "SELECT format('CREATE ROLE %I', $1::text)"
ALTER_ROLE: Final = """SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE
    NOREPLICATION NOBYPASSRLS PASSWORD %L', $1::text, $2::text)"""
# Only a superuser may say NOSUPERUSER and the like; another administrator cannot grant them anyway.
ALTER_ROLE_MODESTLY: Final = "SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)"
JOIN_ROLE: Final = "SELECT format('GRANT %I TO CURRENT_USER', $1::text)"
CREATE_DATABASE: Final = """SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8''
    TEMPLATE template0', $1::text, $1::text)"""
CLOSE_DATABASE: Final = "SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', $1::text)"
OWN_SCHEMA: Final = "SELECT format('ALTER SCHEMA public OWNER TO %I', $1::text)"
CLOSE_SCHEMA: Final = "REVOKE ALL ON SCHEMA public FROM PUBLIC"


async def provision(
    url: str, *, suite: str, passwords: dict[str, str], is_production: bool
) -> dict[str, str]:
    """
    Make what is missing and return each service's own address.

    The names carry *suite*, so that several suites can share a server. Raises `Refused` when the
    server cannot be reached, or would lose acknowledged commits in production.
    """
    try:
        admin = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError) as error:
        message = f"HPA_POSTGRES_URL: the server cannot be reached: {error or type(error).__name__}"
        raise Refused(message) from None
    try:
        if is_production:
            await _require_durable(admin)
        for service, password in passwords.items():
            await _provision_one(admin, url, database_name(suite, service), password)
    except asyncpg.PostgresError as error:
        message = f"HPA_POSTGRES_URL: {error}"
        raise Refused(message) from None
    finally:
        await admin.close()
    return {
        service: service_url(url, database_name(suite, service), password)
        for service, password in passwords.items()
    }


def database_name(suite: str, service: str) -> str:
    """Return the name of a service's database, which is its role's too."""
    return f"hpa_{suite}_{service}"


def service_url(url: str, name: str, password: str) -> str:
    """Return the address of database *name* as its own role, on the server of *url*."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{name}:{quote(password, safe='')}@{host}"
    # The driver under SQLAlchemy calls libpq's sslmode ssl.
    query = parts.query.replace("sslmode=", "ssl=")
    return urlunsplit(("postgresql+asyncpg", netloc, f"/{name}", query, ""))


async def _require_durable(admin: asyncpg.Connection) -> None:
    for name in RISKY:
        value = await admin.fetchval("SELECT current_setting($1)", name)
        if value == "off":
            message = (
                f"PostgreSQL runs with {name} = off and would lose acknowledged commits at power"
                " loss: switch it on, or start with ENVIRONMENT=development"
            )
            raise Refused(message)


async def _provision_one(admin: asyncpg.Connection, url: str, name: str, password: str) -> None:
    is_superuser = await admin.fetchval(
        "SELECT rolsuper FROM pg_roles WHERE rolname = CURRENT_USER"
    )
    if not await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name):
        await _run(admin, CREATE_ROLE, name)
        if not is_superuser:  # to own a database for a role, one must be a member of it
            await _run(admin, JOIN_ROLE, name)
    alter = ALTER_ROLE if is_superuser else ALTER_ROLE_MODESTLY
    await _run(admin, alter, name, scram_verifier(password))
    if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        await _run(admin, CREATE_DATABASE, name)
    await _run(admin, CLOSE_DATABASE, name)
    inside = await asyncpg.connect(url, database=name, timeout=CONNECT_SECONDS)
    try:
        await _run(inside, OWN_SCHEMA, name)
        await inside.execute(CLOSE_SCHEMA)
    finally:
        await inside.close()


async def _run(connection: asyncpg.Connection, form: str, *names: str) -> None:
    statement = await connection.fetchval(form, *names)
    await connection.execute(statement)


def scram_verifier(password: str) -> str:
    """Return what PostgreSQL stores, so that the password itself is in no statement and no log."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    parts = [base64.b64encode(part).decode() for part in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${ROUNDS}:{parts[0]}${parts[1]}:{parts[2]}"
