"""Signing keys on disk, and their publication."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from auth.tokens.keys import LEAD, KeyStore

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OPEN = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from auth.tokens.keys import KeyStore
life = timedelta(hours=8)
store = KeyStore(Path(sys.argv[1]), access_life=life, refresh_life=life, age=life)
store.open(datetime.now(UTC))
print(store.signing_at(datetime.now(UTC)).kid)
"""


def make_store(folder: Path) -> KeyStore:
    return KeyStore(folder, access_life=8 * HOUR, refresh_life=30 * DAY, age=90 * DAY)


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    opened = make_store(tmp_path / "keys")
    opened.open(NOON)
    return opened


def kids(store: KeyStore, now: datetime) -> list[str]:
    return [key["kid"] for key in store.jwks(now)["keys"]]


class TestKeyStore:
    def test_is_for_its_owners_eyes_only(self, tmp_path: Path) -> None:
        folder = tmp_path / "keys"
        make_store(folder).open(NOON)

        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}

    def test_publishes_public_halves_only(self, store: KeyStore) -> None:
        (key,) = store.jwks(NOON)["keys"]

        assert set(key) == {"kty", "crv", "x", "kid", "alg", "use"}
        assert (key["kty"], key["crv"], key["alg"], key["use"]) == (
            "OKP",
            "Ed25519",
            "EdDSA",
            "sig",
        )

    def test_keeps_its_key_over_a_restart(self, store: KeyStore, tmp_path: Path) -> None:
        again = make_store(tmp_path / "keys")
        again.open(NOON + DAY)

        assert kids(again, NOON + DAY) == kids(store, NOON)

    def test_is_agreed_on_by_processes_that_start_at_once(self, tmp_path: Path) -> None:
        command = [sys.executable, "-c", OPEN, str(tmp_path / "keys")]
        started = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]

        found = {process.communicate(timeout=30)[0] for process in started}

        assert len(found) == 1

    def test_sees_what_another_process_has_done(self, store: KeyStore, tmp_path: Path) -> None:
        other = make_store(tmp_path / "keys")

        new = other.rotate(NOON)

        assert new.kid in kids(store, NOON)

    def test_goes_on_when_its_folder_is_away(self, store: KeyStore, tmp_path: Path) -> None:
        before = store.signing_at(NOON).kid
        (tmp_path / "keys").rename(tmp_path / "elsewhere")

        assert store.signing_at(NOON).kid == before

    def test_signs_with_its_oldest_key_when_the_clock_went_back(self, store: KeyStore) -> None:
        assert store.signing_at(NOON - DAY).kid == store.signing_at(NOON).kid


class TestRotate:
    def test_publishes_the_new_key_before_it_signs(self, store: KeyStore) -> None:
        old = store.signing_at(NOON).kid
        new = store.rotate(NOON).kid

        assert kids(store, NOON) == [old, new]
        assert store.signing_at(NOON + LEAD - timedelta(seconds=1)).kid == old
        assert store.signing_at(NOON + LEAD).kid == new

    def test_publishes_the_old_key_as_long_as_its_tokens_live(self, store: KeyStore) -> None:
        old = store.signing_at(NOON).kid
        new = store.rotate(NOON).kid

        assert kids(store, NOON + LEAD + 8 * HOUR) == [old, new]
        assert kids(store, NOON + LEAD + 9 * HOUR) == [new]
        assert store.find(old) is not None

    def test_drops_the_old_key_when_no_refresh_token_of_it_is_left(self, store: KeyStore) -> None:
        old = store.signing_at(NOON).kid
        store.rotate(NOON)

        store.rotate(NOON + 31 * DAY)

        assert store.find(old) is None

    def test_waits_for_a_key_that_waits(self, store: KeyStore) -> None:
        new = store.rotate(NOON).kid

        assert store.rotate(NOON + timedelta(seconds=10)).kid == new
        assert len(kids(store, NOON)) == 2

    def test_signs_at_once_when_forced(self, store: KeyStore) -> None:
        first = store.rotate(NOON, force=True).kid
        later = NOON + HOUR
        waiting = store.rotate(later).kid

        assert store.signing_at(NOON).kid == first
        assert store.rotate(later, force=True).kid == waiting
        assert store.signing_at(later).kid == waiting

    def test_forgets_the_others_after_a_leak(self, store: KeyStore) -> None:
        leaked = store.signing_at(NOON).kid
        waiting = store.rotate(NOON).kid

        new = store.start_over(NOON).kid

        assert new not in {leaked, waiting}
        assert kids(store, NOON) == [new]
        assert store.find(leaked) is None
        assert store.signing_at(NOON).kid == new

    def test_happens_by_itself_with_age(self, store: KeyStore) -> None:
        assert not store.rotate_when_due(NOON + 89 * DAY)
        assert store.rotate_when_due(NOON + 90 * DAY)
        assert not store.rotate_when_due(NOON + 90 * DAY)

    def test_never_leaves_half_a_file(self, store: KeyStore, tmp_path: Path) -> None:
        (tmp_path / "keys" / "keys.new").write_text("left by a crash")

        store.rotate(NOON)

        stored = json.loads((tmp_path / "keys" / "keys.json").read_text())
        assert len(stored["keys"]) == 2


class TestListKeys:
    async def test_is_open_and_may_be_kept_for_a_minute(self, client: httpx2.AsyncClient) -> None:
        answer = await client.get("/.well-known/jwks.json")

        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=60"
        assert len(answer.json()["keys"]) == 1
