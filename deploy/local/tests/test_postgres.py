"""PostgreSQL: each service gets a database and a role that can do nothing else."""

from urllib.parse import urlsplit

import asyncpg
import pytest

from hpa import postgres
from hpa.errors import Refused
from hpa.options import SERVICES

pytestmark = pytest.mark.postgres


def plain(url: str) -> str:
    return url.replace("postgresql+asyncpg", "postgresql")


async def provision(url: str, suite: str, *, is_production: bool = False) -> dict[str, str]:
    passwords = {service: f"{service}-so'z$1" for service in SERVICES}
    return await postgres.provision(
        url, suite=suite, passwords=passwords, is_production=is_production
    )


class TestProvision:
    async def test_lets_each_service_into_its_own_database(self, postgres_url: str) -> None:
        urls = await provision(postgres_url, "own")

        for service, url in urls.items():
            connection = await asyncpg.connect(plain(url))
            await connection.execute("CREATE TABLE mine (id int); DROP TABLE mine")
            name = await connection.fetchval("SELECT current_database()")
            await connection.close()
            assert name == f"hpa_own_{service}"

    async def test_lets_no_service_into_another_s(self, postgres_url: str) -> None:
        urls = await provision(postgres_url, "foreign")
        foreign = urlsplit(plain(urls["auth"]))._replace(path="/hpa_foreign_exams").geturl()

        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="CONNECT"):
            await asyncpg.connect(foreign)

    async def test_makes_roles_without_powers(self, postgres_url: str) -> None:
        await provision(postgres_url, "modest")

        admin = await asyncpg.connect(postgres_url, database="postgres")
        rows = await admin.fetch(
            "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls"
            " AS mighty FROM pg_roles WHERE rolname LIKE 'hpa_modest_%'"
        )
        await admin.close()
        assert [row["mighty"] for row in rows] == [False] * 5

    @pytest.mark.parametrize(
        "statement",
        [
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "COPY (SELECT 1) TO '/tmp/hpa-stolen'",
            "SELECT pg_read_file('postgresql.conf')",
            "SELECT pg_ls_dir('.')",
            "SELECT lo_import('/etc/hostname')",
            "SELECT rolpassword FROM pg_authid",
            "CREATE ROLE intruder",
            "ALTER ROLE hpa_caged_exams PASSWORD 'mine'",
            "SET ROLE hpa_caged_exams",
            "SET SESSION AUTHORIZATION hpa_caged_exams",
            "CREATE DATABASE mine",
            "DROP DATABASE hpa_caged_exams",
            "ALTER SYSTEM SET fsync = off",
            "SELECT pg_reload_conf()",
            "CREATE EXTENSION file_fdw",
            "CREATE FUNCTION shell() RETURNS int LANGUAGE c AS '$libdir/plpgsql'",
        ],
    )
    async def test_lets_no_service_out_of_its_database(
        self, postgres_url: str, statement: str
    ) -> None:
        urls = await provision(postgres_url, "caged")
        connection = await asyncpg.connect(plain(urls["auth"]))

        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        finally:
            await connection.close()

    async def test_changes_nothing_the_second_time(self, postgres_url: str) -> None:
        first = await provision(postgres_url, "again")
        connection = await asyncpg.connect(plain(first["auth"]))
        await connection.execute("CREATE TABLE kept (id int)")
        await connection.close()

        second = await provision(postgres_url, "again")

        connection = await asyncpg.connect(plain(second["auth"]))
        assert await connection.fetchval("SELECT count(*) FROM kept") == 0
        await connection.close()
        assert second == first

    async def test_works_for_an_administrator_who_is_no_superuser(self, postgres_url: str) -> None:
        admin = await asyncpg.connect(postgres_url, database="postgres")
        await admin.execute("CREATE ROLE clerk LOGIN PASSWORD 'clerk' CREATEDB CREATEROLE")
        await admin.close()
        clerk = postgres_url.replace("postgres:postgres@", "clerk:clerk@") + "/postgres"

        urls = await provision(clerk, "clerk")

        connection = await asyncpg.connect(plain(urls["exams"]))
        await connection.execute("CREATE TABLE mine (id int)")
        await connection.close()

    async def test_refuses_a_server_that_loses_commits_in_production(
        self, postgres_url: str
    ) -> None:
        with pytest.raises(Refused, match="fsync = off"):
            await provision(postgres_url, "careless", is_production=True)

    async def test_refuses_a_server_that_is_not_there(self) -> None:
        with pytest.raises(Refused, match="cannot be reached") as refusal:
            await provision("postgresql://admin:geheim@127.0.0.1:1", "gone")

        assert "geheim" not in str(refusal.value)


class TestScramVerifier:
    async def test_is_what_the_server_checks_passwords_against(self, postgres_url: str) -> None:
        admin = await asyncpg.connect(postgres_url, database="postgres")
        await admin.execute("CREATE ROLE scram_by_server PASSWORD 'parol'")
        stored = await admin.fetchval(
            "SELECT rolpassword FROM pg_authid WHERE rolname = 'scram_by_server'"
        )
        await admin.close()

        made = postgres.scram_verifier("parol")

        assert made.startswith("SCRAM-SHA-256$4096:")
        assert [len(part) for part in made.split("$")] == [len(part) for part in stored.split("$")]


class TestServiceUrl:
    def test_keeps_the_server_and_hides_the_administrator(self) -> None:
        url = postgres.service_url("postgresql://root:pw@[::1]:5433/x?sslmode=require", "n", "p@/")

        assert url == "postgresql+asyncpg://n:p%40%2F@[::1]:5433/n?ssl=require"
