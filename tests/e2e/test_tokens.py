"""No forged, foreign, swapped or stale token opens any service, through the gateway or directly."""

import asyncio
import base64
import json
import time
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.security.tokens import ServiceTokens
from shared.testing.waiting import eventually
from tests.e2e.local import PROCESSES, Processes
from tests.e2e.running import CLOSED_PATHS, PASSWORD, SERVICES
from tests.e2e.suite import PREFIX, Person, Suite
from tests.e2e.test_conventions import BAD_TOKEN

BESIDE = pytest.mark.parametrize(
    ("running", "stranger"), [(kind, kind) for kind in ("sqlite", "postgresql")], indirect=True
)
HOUR = 3600
OTHER_HEADERS: list[dict[str, Any]] = [
    {"typ": "JWT"},
    {"typ": "refresh+jwt"},
    {"typ": "svc+jwt"},
    {"kid": "another"},
    {"kid": "../../../dev/null"},
    {"jku": "http://127.0.0.1:1/jwks.json"},
    {"jwk": {"kty": "OKP"}},
    {"x5u": "http://127.0.0.1:1/cert"},
    {"crit": ["exp"]},
]
OTHER_CLAIMS: list[dict[str, Any]] = [
    {"iss": "somebody"},
    {"aud": "exams"},
    {"aud": ["hpa", "exams"]},
    {"token_type": "refresh"},
    {"role": "admin"},
    {"sub": "0"},
    {"sub": "1e0"},
    {"exp": int(time.time()) - 61},
    {"nbf": int(time.time()) + HOUR},
]


class Forger:
    """Makes tokens out of a good one and the suite's own key: only the one change is wrong."""

    def __init__(self, suite: Processes, token: str) -> None:
        newest = json.loads((suite.folder / "keys" / "keys.json").read_text())["keys"][-1]
        self.key = Ed25519PrivateKey.from_private_bytes(_bytes(newest["d"]))
        self.token = token
        self.header = jwt.get_unverified_header(token) | {"kid": newest["kid"]}
        self.claims = jwt.decode(token, options={"verify_signature": False})

    def signed(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """Sign by hand: PyJWT would refuse to make some of these."""
        content = f"{_text(self.header | header)}.{_text(self.claims | claims)}"
        return f"{content}.{_text(self.key.sign(content.encode()))}"

    def everything(self) -> dict[str, str]:
        """Return forged tokens by what is wrong with them."""
        forged = {repr(each): self.signed(each, {}) for each in OTHER_HEADERS}
        forged |= {repr(each): self.signed({}, each) for each in OTHER_CLAIMS}
        header, claims, signature = self.token.split(".")
        owner = _text(self.claims | {"role": "owner", "sub": "1"})
        public = self.key.public_key().public_bytes_raw()
        shared = f"{_text(self.header | {'alg': 'HS256'})}.{owner}"
        by_public_key = jwt.get_algorithm_by_name("HS256").sign(shared.encode(), public)
        by_stranger = Ed25519PrivateKey.generate().sign(f"{header}.{owner}".encode())
        return forged | {
            "none": f"{_text(self.header | {'alg': 'none'})}.{owner}.",
            "the public key as a secret": f"{shared}.{_text(by_public_key)}",
            "a foreign key": f"{header}.{owner}.{_text(by_stranger)}",
            "the signature of other claims": f"{header}.{owner}.{signature}",
            "no signature": f"{header}.{claims}",
            "padding": f"{self.token}==",
            "5 KB": self.signed({}, {"note": "x" * 5000}),
        }


def _text(data: object) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def urls_of(suite: Suite) -> list[str]:
    """Return one closed address of each service, through the gateway and directly."""
    assert isinstance(suite.running, Processes)
    services = suite.running.stack()["services"]
    direct = [services[name]["url"] for name in SERVICES]
    return [
        url + PREFIX + path
        for url, path in [
            *((suite.running.url, path) for path in CLOSED_PATHS),
            *zip(direct, CLOSED_PATHS, strict=True),
        ]
    ]


async def let_in(suite: Suite, tokens: dict[str, str]) -> list[str]:
    """Try each token everywhere; return where one was not refused in the very words."""
    wrong = []
    for why, token in tokens.items():
        headers = {"Authorization": f"Bearer {token}"}
        answers = await asyncio.gather(
            *(suite.client.get(url, headers=headers) for url in urls_of(suite))
        )
        wrong += [f"{why}: {one.url} {one.status_code}" for one in answers if not refused(one)]
    return wrong


def refused(answer: httpx2.Response) -> bool:
    """Say whether an answer is the refusal of a token."""
    return answer.status_code == 401 and answer.json() == BAD_TOKEN


@PROCESSES
class TestAToken:
    async def test_that_is_good_is_let_in(self, suite: Suite) -> None:
        owner = await suite.owner()
        assert isinstance(suite.running, Processes)
        copied = Forger(suite.running, str(owner.token)).signed({}, {"jti": "another"})

        wrong = await let_in(suite, {"as it was": str(owner.token), "signed anew": copied})

        assert len(wrong) == 2 * len(urls_of(suite))
        assert all(one.endswith(" 200") for one in wrong)

    async def test_that_is_forged_opens_nothing(self, suite: Suite) -> None:
        assert isinstance(suite.running, Processes)
        student = await suite.known("student")

        assert await let_in(suite, Forger(suite.running, str(student.token)).everything()) == []

    async def test_that_is_for_something_else_opens_nothing(self, suite: Suite) -> None:
        student = await suite.known("student")
        login = {"username": student.user["username"], "password": PASSWORD}
        tokens = (await suite.nobody.post("/login/", login))["tokens"]
        assert isinstance(suite.running, Processes)
        secrets = json.loads((suite.running.folder / "secrets.json").read_text())["services"]
        swapped = {
            f"of a service for {name}": ServiceTokens.mint(secret, caller="auth", audience=name)
            for name, secret in secrets.items()
        }

        assert await let_in(suite, {"refresh": tokens["refresh"]} | swapped) == []
        spent = await suite.nobody.ask("POST", "/token/refresh/", {"refresh": tokens["access"]})
        assert spent.status_code == 401


@PROCESSES
class TestAnInternalRoute:
    async def test_is_closed_to_users_and_to_tokens_for_others(self, suite: Suite) -> None:
        assert isinstance(suite.running, Processes)
        services = suite.running.stack()["services"]
        secrets = json.loads((suite.running.folder / "secrets.json").read_text())["services"]
        owner = str((await suite.owner()).token)
        url = services["auth"]["url"] + "/internal/users/digest/"

        async def status(token: str) -> int:
            answer = await suite.client.get(url, headers={"Authorization": f"Bearer {token}"})
            return answer.status_code

        def mint(secret: str, audience: str) -> str:
            return ServiceTokens.mint(secret, caller="exams", audience=audience)

        assert await status(mint(secrets["auth"], "auth")) == 200
        assert await status(owner) == 401
        assert await status(mint(secrets["auth"], "exams")) == 401
        assert await status(mint("a secret somebody made up, long enough", "auth")) == 401
        assert (await suite.client.get(url)).status_code == 401


@PROCESSES
class TestADemotedUser:
    async def test_is_a_student_everywhere_within_five_seconds(self, suite: Suite) -> None:
        owner, teacher = await suite.owner(), await suite.sign_up("employee")
        closed = ("/users/", "/messages/", "/work-logs/", "/dashboard/")
        written = {"/subjects/": {"name": "Begona"}, "/exam-results/": {}, "/attendance/": {}}

        await owner.patch(f"/users/{teacher.id}/", {"role": "student"})

        async def statuses() -> list[int]:
            read = [await teacher.ask("GET", path) for path in closed]
            tried = [await teacher.ask("POST", path, body) for path, body in written.items()]
            return [answer.status_code for answer in [*read, *tried]]

        await eventually(statuses, until=lambda found: found == [403] * 7, seconds=5)


class TestTheKeys:
    @BESIDE
    async def test_of_another_suite_open_nothing(self, suite: Suite, stranger: Processes) -> None:
        async with Suite(stranger) as other:
            owner = await other.owner()
            assert (await owner.ask("GET", "/me/")).status_code == 200

        assert await let_in(suite, {"foreign": str(owner.token)}) == []

    async def test_rotate_under_load_without_a_refusal(self, stranger: Processes) -> None:
        async with Suite(stranger) as suite:
            before, over = await suite.owner(), asyncio.Event()
            statuses: list[int] = []

            async def load(person: Person) -> None:
                while not over.is_set():
                    answers = [await person.ask("GET", path) for path in CLOSED_PATHS]
                    statuses.extend(answer.status_code for answer in answers)

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(load(before))
                rotated = await asyncio.to_thread(stranger.run, "rotate-keys")
                by_new_key = Forger(stranger, str(before.token))
                tasks.create_task(load(Person(suite.client, by_new_key.signed({}, {"jti": "new"}))))
                seen = len(statuses) + 20
                await eventually(lambda: asyncio.sleep(0, len(statuses)), until=seen.__le__)
                over.set()

        assert rotated.returncode == 0, rotated.stderr
        assert by_new_key.header["kid"] != jwt.get_unverified_header(str(before.token))["kid"]
        assert set(statuses) == {200}
