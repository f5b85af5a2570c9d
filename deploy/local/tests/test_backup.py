"""Backup and restore: one moment in all databases, whole or refused, told again afterwards."""

import asyncio
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from deploy.local.tests.academy import NOW, Academy
from hpa import lock
from hpa.backup import make_backup, read_backup
from hpa.credentials import Secrets
from hpa.databases import prepare_databases
from hpa.errors import Refused
from hpa.fsck.run import check_all
from hpa.known import Known
from hpa.options import SERVICES, Options
from hpa.paths import DataDir
from hpa.pg_backup import plain
from hpa.restore import restore_backup
from hpa.snapshot import copy_databases
from shared.db.engine import Database
from shared.db.migrate import upgrade
from shared.testing import postgres


@pytest.fixture
def known(data: DataDir, academy: Academy) -> Known:
    """Return a stopped suite on SQLite with an academy in it."""
    return asyncio.run(suite_of(data, Options(data_dir=data.root)))


async def suite_of(data: DataDir, options: Options) -> Known:
    secrets = Secrets.load(data)
    await prepare_databases(options, data, secrets)
    secrets.is_owner_told = True
    secrets.save(data)
    (data.keys / "keys.json").write_text("{}")
    return Known(options, data, secrets)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Return where backups go."""
    return tmp_path / "backup"


class TestCopies:
    def test_show_one_moment_though_people_go_on_writing(
        self, academy: Academy, tmp_path: Path
    ) -> None:
        targets = {service: tmp_path / service for service in SERVICES}

        copy_databases(academy.paths, targets)
        academy.run("auth", "DELETE FROM users")

        with closing(sqlite3.connect(targets["auth"])) as copy:
            assert copy.execute("SELECT count(*) FROM users").fetchone() == (3,)

    def test_wait_for_no_reader_and_hold_up_nobody(self, academy: Academy, tmp_path: Path) -> None:
        with closing(sqlite3.connect(academy.paths["auth"], isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM users").fetchall()

            copy_databases(academy.paths, {service: tmp_path / service for service in SERVICES})
            academy.run("auth", "DELETE FROM users")

        assert (tmp_path / "worklogs").stat().st_size > 0


class TestBackup:
    def test_holds_databases_keys_and_secrets(self, known: Known, backup: Path) -> None:
        manifest = make_backup(known, backup, now=NOW)

        names = {f"db/{service}.sqlite3" for service in SERVICES}
        assert set(manifest["files"]) == names | {"keys/keys.json", "secrets.json"}
        assert manifest["made_at"] == "2026-03-02T12:00:00Z"
        assert read_backup(backup) == manifest

    def test_is_for_the_owner_alone(self, known: Known, backup: Path) -> None:
        make_backup(known, backup, now=NOW)

        modes = {stat.S_IMODE(path.stat().st_mode) for path in backup.rglob("*") if path.is_file()}
        assert modes <= {0o600}
        assert stat.S_IMODE(backup.stat().st_mode) == 0o700

    def test_is_refused_into_a_folder_that_holds_anything(self, known: Known, backup: Path) -> None:
        make_backup(known, backup, now=NOW)

        with pytest.raises(Refused, match="not empty"):
            make_backup(known, backup, now=NOW)

    def test_refuses_a_damaged_database(self, known: Known, backup: Path) -> None:
        path = known.data.sqlite("exams")
        with path.open("r+b") as file:
            file.seek(8192)
            file.write(b"\xff" * 8192)

        with pytest.raises(Refused, match="damaged"):
            make_backup(known, backup, now=NOW)

        assert not (backup / "manifest.json").exists()


class TestRestore:
    def test_brings_back_what_was(self, known: Known, academy: Academy, backup: Path) -> None:
        make_backup(known, backup, now=NOW)
        academy.run("results", "DELETE FROM answers", "DELETE FROM results")

        restore_backup(known.options, backup, now=NOW)

        assert academy.value("results", "SELECT count(*) FROM answers") == 2
        report = asyncio.run(
            check_all(academy.urls, zone="UTC", now=lambda: NOW, is_running=False, patience=0)
        )
        assert report.is_clean

    def test_has_everything_told_again(self, known: Known, academy: Academy, backup: Path) -> None:
        (known.data.nats_store / "jetstream").mkdir()
        academy.add("auth", "relay_state", stream="AUTH", born="2026", last_seq=5)
        make_backup(known, backup, now=NOW)

        restore_backup(known.options, backup, now=NOW)

        waiting = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
        assert academy.value("auth", waiting) == 3
        assert academy.value("auth", "SELECT count(*) FROM relay_state") == 0
        assert not (known.data.nats_store / "jetstream").exists()

    def test_sends_no_message_that_may_have_been_sent_since(
        self, known: Known, academy: Academy, backup: Path
    ) -> None:
        academy.run("messaging", "UPDATE message_logs SET status = 'pending', sent_at = NULL")
        make_backup(known, backup, now=NOW)

        restore_backup(known.options, backup, now=NOW)

        assert academy.value("messaging", "SELECT status FROM message_logs") == "failed"
        assert "noma'lum" in academy.value("messaging", "SELECT error FROM message_logs")

    def test_keeps_what_it_replaces(self, known: Known, backup: Path) -> None:
        make_backup(known, backup, now=NOW)
        (known.data.keys / "keys.json").write_text("newer")

        restore_backup(known.options, backup, now=NOW)

        assert (known.data.keys / "keys.json").read_text() == "{}"
        replaced = known.data.root / "replaced" / "20260302T120000"
        assert (replaced / "keys" / "keys.json").read_text() == "newer"

    def test_moves_a_suite_to_another_folder(
        self, known: Known, backup: Path, tmp_path: Path
    ) -> None:
        make_backup(known, backup, now=NOW)
        elsewhere = DataDir(tmp_path / "elsewhere")

        restore_backup(Options(data_dir=elsewhere.root), backup, now=NOW)

        secrets = Secrets.load(elsewhere)
        assert secrets.suite == known.secrets.suite
        assert secrets.database_urls["auth"].endswith("elsewhere/db/auth.sqlite3")
        assert elsewhere.sqlite("auth").exists()

    def test_is_refused_while_the_suite_runs(self, known: Known, backup: Path) -> None:
        make_backup(known, backup, now=NOW)
        held = lock.take(known.data.lock)

        with pytest.raises(Refused, match="already running"):
            restore_backup(known.options, backup, now=NOW)

        os.close(held)

    @pytest.mark.parametrize("harm", ["cut", "gone", "unfinished"])
    def test_is_refused_from_a_backup_that_is_not_whole(
        self, known: Known, academy: Academy, backup: Path, harm: str
    ) -> None:
        make_backup(known, backup, now=NOW)
        path = backup / "db" / "auth.sqlite3"
        match harm:
            case "cut":
                path.write_bytes(path.read_bytes()[:-1])
            case "gone":
                path.unlink()
            case _:
                (backup / "manifest.json").unlink()

        with pytest.raises(Refused, match=r"damaged|no finished backup"):
            restore_backup(known.options, backup, now=NOW)

        assert academy.value("auth", "SELECT count(*) FROM users") == 3


@pytest.mark.postgres
class TestPostgres:
    async def test_comes_back_from_its_dumps(
        self, data: DataDir, postgres_url: str, backup: Path
    ) -> None:
        options = Options(data_dir=data.root, postgres_url=SecretStr(f"{postgres_url}/postgres"))
        known = await suite_of(data, options)
        for service, url in known.secrets.database_urls.items():
            database = Database(url)
            await upgrade(service, database)
            await database.close()
        urls = {service: plain(url) for service, url in known.secrets.database_urls.items()}
        subject = (
            "INSERT INTO subjects (name, name_key, created_at, version, is_deleted)"
            " VALUES ('Fizika', 'fizika', now(), 1, false)"
        )
        await postgres.execute(urls["exams"], subject)

        # The commands run event loops of their own.
        manifest = await asyncio.to_thread(make_backup, known, backup, now=NOW)
        await postgres.execute(urls["exams"], "DELETE FROM subjects")
        await asyncio.to_thread(restore_backup, options, backup, now=NOW)

        assert manifest["kind"] == "postgresql"
        await postgres.execute(
            urls["exams"], "DO $$ BEGIN ASSERT (SELECT count(*) FROM subjects) = 1; END $$"
        )

    def test_is_refused_onto_sqlite(self, data: DataDir, backup: Path) -> None:
        backup.mkdir()
        (backup / "manifest.json").write_text('{"form": 1, "kind": "postgresql", "files": {}}')

        with pytest.raises(Refused, match="HPA_POSTGRES_URL"):
            restore_backup(Options(data_dir=data.root), backup, now=NOW)
