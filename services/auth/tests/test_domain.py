"""The rules of auth, without a database."""

from datetime import UTC, datetime, timedelta

import pytest

from auth.domain import passwords, throttle, users
from auth.domain.clients import Client, Tagger, may_forward, network_of
from auth.domain.throttle import Ahead, InFlight, Standing, Window, guess_of
from auth.errors import LastOwner

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TAGGER = Tagger(b"a secret of the tests, long enough")
NOBODY = Ahead()
HERE = Client("203.0.113.1", "Chrome")


class TestUsernames:
    @pytest.mark.parametrize(
        ("one", "other"),
        [("Ali", "ALI"), ("Straße", "STRASSE"), ("Алишер", "АЛИШЕР"), ("Ａｌｉ", "ali")],  # noqa: RUF001 - meant
    )
    def test_are_equal_whatever_their_case(self, one: str, other: str) -> None:
        assert users.key_of(one) == users.key_of(other)

    @pytest.mark.parametrize("name", ["ali.valiyev", "o'tkir", "o’tkir", "Алишер", "a+b@c_1-2"])  # noqa: RUF001 - meant
    def test_may_be_names_of_people(self, name: str) -> None:
        assert users.flaw_of(name) is None

    @pytest.mark.parametrize("name", ["", "ali valiyev", "a\x00b", "a\nb", "<b>", "id:5", "a/b"])
    def test_hold_neither_spaces_nor_signs(self, name: str) -> None:
        assert users.flaw_of(name) == users.BAD_NAME

    def test_may_not_outgrow_their_index_when_folded(self) -> None:
        assert users.flaw_of("ﷺ" * 9) == users.LONG_NAME


class TestRequireOwnerLeft:
    def test_refuses_to_lose_the_last_one(self) -> None:
        with pytest.raises(LastOwner):
            users.require_owner_left(was_in_charge=True, stays_in_charge=False, others=0)

    @pytest.mark.parametrize(
        ("was", "stays", "others"), [(True, True, 0), (True, False, 1), (False, False, 0)]
    )
    def test_lets_everything_else_pass(self, *, was: bool, stays: bool, others: int) -> None:
        users.require_owner_left(was_in_charge=was, stays_in_charge=stays, others=others)


class TestWeaknessesOf:
    @pytest.mark.parametrize(
        ("password", "word"),
        [
            ("qisqa-1", "short"),
            ("9823740918", "numeric"),
            ("Password123", "common"),
            ("aaaaaaaaaaaa", "common"),
            ("ali.valiyev", "similar"),
            ("Ali.Valiyev1", "similar"),
            ("veyilav.ila", "similar"),
        ],
    )
    def test_names_what_is_weak(self, password: str, word: str) -> None:
        (found,) = passwords.weaknesses_of(password, username="ali.valiyev")

        assert word in found

    @pytest.mark.parametrize("password", ["load-pass-1", "Egasi-2026-Sirli", "x" * 7 + "yz"])
    def test_lets_others_pass(self, password: str) -> None:
        assert passwords.weaknesses_of(password, username="admin") == []


class TestNetworkOf:
    @pytest.mark.parametrize(
        ("address", "network"),
        [
            ("203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("nobody", ""),
        ],
    )
    def test_counts_what_one_customer_has_as_one(self, address: str, network: str) -> None:
        assert network_of(address) == network

    @pytest.mark.parametrize(
        ("peer", "may"),
        [("127.0.0.1", True), ("::1", True), ("10.1.2.3", True), ("8.8.8.8", False), ("", False)],
    )
    def test_lets_only_neighbours_speak_for_others(self, peer: str, *, may: bool) -> None:
        assert may_forward(peer) is may


class TestTagger:
    def test_knows_where_one_part_ends(self) -> None:
        assert TAGGER.tag("ab", "c") != TAGGER.tag("a", "bc")

    def test_means_nothing_without_its_secret(self) -> None:
        assert TAGGER.tag("ali") != Tagger(b"another secret of the tests").tag("ali")


def standing(
    *, windows: dict[str, Window] | None = None, address: bool = False, device: bool = False
) -> Standing:
    return Standing(guess_of(TAGGER, "ali", "x", HERE), windows or {}, address, device)


class TestStanding:
    guess = guess_of(TAGGER, "ALI", "x", HERE)

    def test_needs_no_wait_at_first(self) -> None:
        assert standing().wait(NOON, NOBODY) == 0

    @pytest.mark.parametrize(
        ("failures", "ends_in", "wait"), [(5, 60, 60), (5, 0.2, 1), (5, 0, 0), (4, 60, 0)]
    )
    def test_waits_for_the_end_of_a_full_window(
        self, failures: int, ends_in: float, wait: int
    ) -> None:
        ends_at = NOON + timedelta(seconds=ends_in)

        found = standing(windows={self.guess.pair: Window(failures, ends_at)}).wait(NOON, NOBODY)

        assert found == wait

    @pytest.mark.parametrize(("ahead", "is_refused"), [(30, True), (90, True), (3600, False)])
    def test_believes_a_clock_that_is_a_little_ahead_and_no_other(
        self, ahead: int, *, is_refused: bool
    ) -> None:
        ends_at = NOON + timedelta(seconds=ahead) + throttle.WINDOW

        found = standing(windows={self.guess.pair: Window(5, ends_at)})

        assert (found.wait(NOON, NOBODY) > 0) is is_refused

    def test_counts_what_is_being_checked_at_this_moment(self) -> None:
        windows = {self.guess.pair: Window(2, NOON + throttle.WINDOW)}

        assert standing(windows=windows).wait(NOON, Ahead(pair=2)) == 0
        assert standing(windows=windows).wait(NOON, Ahead(pair=3)) == 60
        assert standing().wait(NOON, Ahead(pair=5)) == 1

    def test_gives_a_known_device_an_allowance_of_its_own(self) -> None:
        windows = {self.guess.pair: Window(5, NOON + throttle.WINDOW)}

        found = standing(windows=windows, address=True, device=True)

        assert found.wait(NOON, Ahead(pair=50)) == 0
        assert found.wait(NOON, Ahead(pair=50, own=5)) == 1

    def test_spares_a_known_address_what_befalls_the_name(self) -> None:
        windows = {self.guess.name: Window(20, NOON + throttle.WINDOW)}

        assert standing(windows=windows).wait(NOON, NOBODY) == 30
        assert standing(windows=windows, address=True).wait(NOON, NOBODY) == 0

    def test_lets_one_try_pass_after_the_ticket_has_waited(self) -> None:
        printed = NOON + throttle.TICKET_WAIT + throttle.TICKET_LIFE
        windows = {
            self.guess.name: Window(20, NOON + timedelta(seconds=200)),
            self.guess.ticket: Window(1, printed),
        }
        found = standing(windows=windows)

        assert found.wait(NOON + timedelta(seconds=29), NOBODY) == 1
        assert found.wait(NOON + timedelta(seconds=30), NOBODY) == 0
        assert found.wait(printed, NOBODY) == 30
        assert found.wants_ticket(printed)


class TestInFlight:
    def test_counts_other_passwords_that_came_before(self) -> None:
        flying = InFlight()
        one, two = (guess_of(TAGGER, "ali", password, HERE) for password in ("1", "2"))
        elsewhere = guess_of(TAGGER, "ali", "3", Client(HERE.network, "Edge"))

        with flying.counting(one) as first, flying.counting(one) as again:
            with flying.counting(two) as second, flying.counting(elsewhere) as third:
                assert (first, again, second) == (Ahead(0, 0), Ahead(0, 0), Ahead(1, 1))
                assert third == Ahead(2, 0)
            with flying.counting(two) as later:
                assert later == Ahead(1, 1)
        with flying.counting(two) as alone:
            assert alone == NOBODY
