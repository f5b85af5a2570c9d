"""The key set: one fetch for all who wait, no storm on unknown kids, alive while auth is away."""

import asyncio
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from shared.errors import Unavailable
from shared.security import keys as keys_module
from shared.security.keys import HttpKeys, KeySet
from shared.testing.tokens import TokenFactory


class Source:
    """Auth as the key set sees it: it counts, it can be away, it can be slow."""

    def __init__(self, *published: Mapping[str, Any]) -> None:
        self.published = list(published)
        self.away = False
        self.fetches = 0
        self.fetched = asyncio.Event()

    async def fetch(self) -> Mapping[str, Any]:
        self.fetches += 1
        await asyncio.sleep(0)
        if self.away:
            raise ConnectionError
        self.fetched.set()
        return {"keys": self.published}

    async def close(self) -> None:
        """Hold nothing."""


@pytest.fixture
def jwk(tmp_path: Path) -> dict[str, str]:
    return TokenFactory(tmp_path, "one").jwk


@pytest.fixture
def next_jwk(tmp_path: Path) -> dict[str, str]:
    return TokenFactory(tmp_path, "two").jwk


class TestFetching:
    async def test_happens_once_for_a_hundred_who_wait(self, jwk: dict[str, str]) -> None:
        source = Source(jwk)
        keys = KeySet(source)

        found = await asyncio.gather(*(keys.get("one") for _ in range(100)))

        assert all(found)
        assert source.fetches == 1

    async def test_finds_a_new_key_at_once(
        self, jwk: dict[str, str], next_jwk: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keys_module, "MISS_GAP_SECONDS", -1)
        source = Source(jwk)
        keys = KeySet(source)
        await keys.get("one")

        source.published.append(next_jwk)

        assert await keys.get("two") is not None
        assert await keys.get("one") is not None
        assert source.fetches == 2

    async def test_takes_another_key_under_a_known_kid(
        self, jwk: dict[str, str], next_jwk: dict[str, str]
    ) -> None:
        source = Source(jwk)
        keys = KeySet(source, ttl=0)
        old = await keys.get("one")
        generation = keys.generation

        source.published[:] = [{**next_jwk, "kid": "one"}]

        assert await keys.get("one") != old
        assert keys.generation > generation

    async def test_is_not_stormed_by_unknown_kids(self, jwk: dict[str, str]) -> None:
        source = Source(jwk)
        keys = KeySet(source)

        found = [await keys.get(f"forged-{number}") for number in range(200)]

        assert not any(found)
        assert source.fetches <= 2

    async def test_happens_again_when_the_keys_are_old(self, jwk: dict[str, str]) -> None:
        source = Source(jwk)
        keys = KeySet(source, ttl=0)

        await keys.get("one")
        await keys.get("one")

        assert source.fetches == 2


class TestWithoutAuth:
    async def test_known_keys_go_on_serving(self, jwk: dict[str, str]) -> None:
        source = Source(jwk)
        keys = KeySet(source, ttl=0)
        await keys.get("one")
        source.away = True

        assert await keys.get("one") is not None
        assert await keys.get("forged") is None

    async def test_nothing_can_be_checked_before_the_first_key(self) -> None:
        source = Source()
        source.away = True
        keys = KeySet(source)

        for _ in range(10):
            with pytest.raises(Unavailable):
                await keys.get("one")

        assert source.fetches == 1

    async def test_an_empty_document_does_not_take_the_keys_away(self, jwk: dict[str, str]) -> None:
        source = Source(jwk)
        keys = KeySet(source, ttl=0)
        await keys.get("one")
        source.published = []

        assert await keys.get("one") is not None

    async def test_a_refused_connection_is_no_fault(self) -> None:
        keys = KeySet(HttpKeys("http://127.0.0.1:9/.well-known/jwks.json"))

        with pytest.raises(Unavailable):
            await keys.get("one")
        await keys.close()


class TestTheDiskCache:
    async def test_serves_a_service_that_starts_while_auth_is_away(
        self, jwk: dict[str, str], tmp_path: Path
    ) -> None:
        cache = tmp_path / "keys" / "jwks.json"
        await KeySet(Source(jwk), cache=cache).get("one")
        away = Source()
        away.away = True

        assert await KeySet(away, cache=cache).get("one") is not None

    async def test_is_readable_by_the_service_alone(
        self, jwk: dict[str, str], tmp_path: Path
    ) -> None:
        cache = tmp_path / "kept.json"
        await KeySet(Source(jwk), cache=cache).get("one")

        assert stat.S_IMODE(cache.stat().st_mode) == 0o600

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"keys": [{"kty": "OKP"}]}', "\x00"])
    async def test_a_broken_one_is_left_alone(
        self, jwk: dict[str, str], tmp_path: Path, content: str
    ) -> None:
        cache = tmp_path / "jwks.json"
        cache.write_text(content)

        assert await KeySet(Source(jwk), cache=cache).get("one") is not None

    async def test_a_place_that_cannot_be_written_stops_nobody(self, jwk: dict[str, str]) -> None:
        cache = Path("/proc/nowhere/jwks.json")

        assert await KeySet(Source(jwk), cache=cache).get("one") is not None


class TestKeepFresh:
    async def test_brings_the_keys_without_any_request(self, jwk: dict[str, str]) -> None:
        source = Source(jwk)
        keys = KeySet(source)
        task = asyncio.create_task(keys.keep_fresh())  # as the application does at its start
        await source.fetched.wait()
        await asyncio.sleep(0)
        task.cancel()

        source.away = True
        assert await keys.get("one") is not None
        assert source.fetches == 1
