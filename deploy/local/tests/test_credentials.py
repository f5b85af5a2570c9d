"""The suite's secrets: made up once, kept privately, the owner's password shown once."""

import stat

import pytest

from hpa.credentials import NATS_USERS, Secrets
from hpa.errors import Refused
from hpa.options import SERVICES
from hpa.paths import DataDir
from shared.contracts.catalog import OUTSIDE_PRODUCERS
from shared.events import topology


class TestLoad:
    def test_makes_up_one_for_everybody_at_first(self, data: DataDir) -> None:
        secrets = Secrets.load(data)

        made = [*secrets.nats.values(), *secrets.services.values(), *secrets.postgres.values()]
        assert set(secrets.nats) == set(NATS_USERS)
        assert set(secrets.services) == set(secrets.postgres) == set(SERVICES)
        assert len(set(made)) == len(made)
        assert all(len(secret) >= 32 for secret in made)

    def test_gives_the_same_ones_afterwards(self, data: DataDir) -> None:
        first = Secrets.load(data)
        first.save(data)

        assert Secrets.load(data) == first

    def test_completes_what_an_older_version_kept(self, data: DataDir) -> None:
        first = Secrets.load(data)
        del first.nats["ops"]
        first.save(data)

        found = Secrets.load(data)

        assert found.nats["ops"]
        assert found.nats["auth"] == first.nats["auth"]

    def test_refuses_a_damaged_file(self, data: DataDir) -> None:
        data.secrets.write_text('{"nats": ')

        with pytest.raises(Refused, match="damaged"):
            Secrets.load(data)


class TestSave:
    def test_is_for_the_owner_alone(self, data: DataDir) -> None:
        Secrets.load(data).save(data)

        assert stat.S_IMODE(data.secrets.stat().st_mode) == 0o600
        assert stat.S_IMODE(data.root.stat().st_mode) == 0o700


class TestOwnerPassword:
    def test_is_made_up_once_and_kept_until_it_is_told(self, data: DataDir) -> None:
        secrets = Secrets.load(data)
        made = secrets.owner_password_for(None)
        secrets.save(data)

        assert Secrets.load(data).owner_password_for(None) == made

    def test_is_the_given_one(self, data: DataDir) -> None:
        assert Secrets.load(data).owner_password_for("Berilgan-2026") == "Berilgan-2026"

    def test_is_gone_once_it_was_told(self, data: DataDir) -> None:
        secrets = Secrets.load(data)
        secrets.is_owner_told = True

        assert secrets.owner_password_for("Berilgan-2026") is None


def test_the_users_of_nats_are_those_of_the_catalog() -> None:
    assert set(NATS_USERS) == {*topology.SERVICES, *OUTSIDE_PRODUCERS, "ops"}
