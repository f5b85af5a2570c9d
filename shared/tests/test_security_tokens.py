"""Access tokens per RFC 8725: one algorithm, our keys, our claims, and nothing else."""

import base64
import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.clock import utcnow
from shared.errors import InvalidToken
from shared.security.keys import KeySet, LocalKeys
from shared.security.principal import Principal
from shared.security.tokens import MAX_VERIFIED, TokenVerifier
from shared.testing.tokens import TokenFactory

HEADER = {"typ": "at+jwt"}


@pytest.fixture
def factory(tmp_path: Path) -> TokenFactory:
    return TokenFactory(tmp_path)


@pytest.fixture
def verifier(factory: TokenFactory) -> TokenVerifier:
    keys = KeySet(LocalKeys(lambda: {"keys": [factory.jwk]}))
    return TokenVerifier(keys, issuer="hpa-auth", audience="hpa")


def b64(data: object) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(factory: TokenFactory, header: dict[str, Any], key: Ed25519PrivateKey) -> str:
    """Sign by hand: PyJWT would refuse to make some of these."""
    content = f"{b64(header)}.{b64(factory.claims(1, 'owner'))}"
    return f"{content}.{b64(key.sign(content.encode()))}"


class TestVerify:
    async def test_knows_whom_a_good_token_names(
        self, verifier: TokenVerifier, factory: TokenFactory
    ) -> None:
        found = await verifier.verify(factory.access(7, "student"))

        assert found == Principal(7, "student", "student7")

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "somebody"},
            {"aud": "others"},
            {"aud": ["hpa", "others"]},
            {"token_type": "refresh"},
            {"token_type": None},
            {"role": "admin"},
            {"role": None},
            {"role": ["owner"]},
            {"sub": "0"},
            {"sub": "-1"},
            {"sub": "abc"},
            {"sub": str(2**63)},
            {"sub": "1e3"},
            {"sub": "9" * 5000},
            {"exp": int(time.time()) - 61},
            {"exp": "soon"},
            {"iat": int(time.time()) + 3600},
            {"nbf": int(time.time()) + 3600},
        ],
    )
    async def test_refuses_other_claims(
        self, verifier: TokenVerifier, factory: TokenFactory, changes: dict[str, Any]
    ) -> None:
        claims = factory.claims(1, "owner") | changes
        token = jwt.encode(claims, factory.key, "EdDSA", {**HEADER, "kid": factory.kid})

        with pytest.raises(InvalidToken):
            await verifier.verify(token)

    @pytest.mark.parametrize("claim", ["iss", "aud", "sub", "jti", "iat", "exp", "role"])
    async def test_refuses_a_token_without(
        self, verifier: TokenVerifier, factory: TokenFactory, claim: str
    ) -> None:
        claims = factory.claims(1, "owner")
        del claims[claim]
        token = jwt.encode(claims, factory.key, "EdDSA", {**HEADER, "kid": factory.kid})

        with pytest.raises(InvalidToken):
            await verifier.verify(token)

    @pytest.mark.parametrize("claim", ["iat", "exp"])
    async def test_forgives_a_minute_of_clock_skew(
        self, verifier: TokenVerifier, factory: TokenFactory, claim: str
    ) -> None:
        skewed = {"iat": int(time.time()) + 50, "exp": int(time.time()) - 50}[claim]

        assert (await verifier.verify(factory.access(1, "owner", **{claim: skewed}))).user_id == 1

    @pytest.mark.parametrize(
        "header",
        [
            {"jku": "https://evil.example/jwks.json"},
            {"jwk": {"kty": "OKP"}},
            {"x5u": "https://evil.example/cert"},
            {"x5c": ["MII"]},
            {"crit": ["exp"]},
            {"crit": ["b64"], "b64": False},
            {"typ": "JWT"},
            {"typ": "svc+jwt"},
            {"typ": None},
            {"kid": "another"},
            {"kid": None},
            {"kid": ["test-key"]},
            {"kid": "../../../dev/null"},
            {"alg": "none"},
            {"alg": "HS256"},
            {"alg": "Ed25519"},
            {"alg": ["EdDSA"]},
        ],
    )
    async def test_refuses_headers_that_choose_their_own_rules(
        self, verifier: TokenVerifier, factory: TokenFactory, header: dict[str, Any]
    ) -> None:
        whole = {"alg": "EdDSA", "typ": "at+jwt", "kid": factory.kid, **header}

        with pytest.raises(InvalidToken):
            await verifier.verify(signed(factory, whole, factory.key))

    async def test_refuses_a_foreign_key_under_a_known_kid(
        self, verifier: TokenVerifier, factory: TokenFactory
    ) -> None:
        header = {"alg": "EdDSA", "typ": "at+jwt", "kid": factory.kid}

        with pytest.raises(InvalidToken):
            await verifier.verify(signed(factory, header, Ed25519PrivateKey.generate()))

    async def test_refuses_hs256_with_the_public_key_as_secret(
        self, verifier: TokenVerifier, factory: TokenFactory
    ) -> None:
        public = factory.key.public_key()
        pem = public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        secrets = [public.public_bytes_raw(), pem, factory.jwk["x"].encode()]
        content = f"{b64({'alg': 'HS256', **HEADER, 'kid': factory.kid})}."
        content += b64(factory.claims(1, "owner"))
        algorithm = jwt.get_algorithm_by_name("HS256")

        for secret in secrets:
            with pytest.raises(InvalidToken):
                await verifier.verify(f"{content}.{b64(algorithm.sign(content.encode(), secret))}")

    async def test_refuses_none(self, verifier: TokenVerifier, factory: TokenFactory) -> None:
        for algorithm in ("none", "None", "NONE", ""):
            header = b64({"alg": algorithm, **HEADER, "kid": factory.kid})
            with pytest.raises(InvalidToken):
                await verifier.verify(f"{header}.{b64(factory.claims(1, 'owner'))}.")

    @pytest.mark.parametrize(
        "template",
        [
            "",
            "x",
            "..",
            "{token}x",
            "{token}.x",
            "\x00{token}",
            " {token}",
            "{token}==",
            "é" * 50,
            "\udc80.a.b",
            "x" * 5000,
            b64(b"[" * 2900) + ".a.b",
            b64(b'{"alg":' + b"[" * 2900) + ".a.b",
            b64(b"\xff\xfe") + ".a.b",
            b64([]) + ".a.b",
            b64(1) + ".a.b",
        ],
        ids=range(16),
    )
    async def test_refuses_rubbish(
        self, verifier: TokenVerifier, factory: TokenFactory, template: str
    ) -> None:
        with pytest.raises(InvalidToken):
            await verifier.verify(template.replace("{token}", factory.access()))


class TestRememberedTokens:
    async def test_expire_all_the_same(
        self, verifier: TokenVerifier, factory: TokenFactory
    ) -> None:
        token = factory.access(1, "owner", exp=int(time.time()) + 100)
        await verifier.verify(token)

        with (
            time_machine.travel(utcnow() + timedelta(seconds=161), tick=False),
            pytest.raises(InvalidToken),
        ):
            await verifier.verify(token)

    async def test_are_forgotten_when_a_key_is_withdrawn(self, factory: TokenFactory) -> None:
        published = [factory.jwk]
        keys = KeySet(LocalKeys(lambda: {"keys": list(published)}))
        verifier = TokenVerifier(keys, issuer="hpa-auth", audience="hpa")
        token = factory.access()
        await verifier.verify(token)

        published[:] = [{**factory.jwk, "kid": "next"}]
        await keys.refresh()

        with pytest.raises(InvalidToken):
            await verifier.verify(token)

    async def test_are_bounded(self, verifier: TokenVerifier, factory: TokenFactory) -> None:
        first = factory.access(1, "owner")
        await verifier.verify(first)
        one = next(iter(verifier._verified.values()))
        verifier._verified.update({number.to_bytes(4): one for number in range(MAX_VERIFIED)})

        await verifier.verify(factory.access(2, "owner"))

        assert len(verifier._verified) <= MAX_VERIFIED + 1


class TestKeysOfOtherKinds:
    async def test_are_not_used(self, factory: TokenFactory) -> None:
        other = ec.generate_private_key(ec.SECP256R1()).public_key()
        jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(other))
        secret = {**factory.jwk, "kid": "private", "d": "AAAA"}
        document = {"keys": [{**jwk, "kid": "ec"}, secret, {**factory.jwk, "use": "enc"}]}
        keys = KeySet(LocalKeys(lambda: document))
        verifier = TokenVerifier(keys, issuer="hpa-auth", audience="hpa")

        with pytest.raises(Exception, match="cannot be checked"):
            await verifier.verify(factory.access())
