"""The rules, without anything around them."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest

from worklogs import domain
from worklogs.domain import Change, Period

ZONE = "Asia/Tashkent"
NOON = datetime(2026, 2, 20, 7, tzinfo=UTC)


def change(version: int, *, employed: bool, days: float = 0) -> Change:
    return Change(version, employed, NOON, NOON + timedelta(days=days))


class TestEmployedPeriods:
    def test_begin_when_he_was_created(self) -> None:
        assert domain.employed_periods([change(1, employed=True, days=3)], ZONE) == [
            Period(date(2026, 2, 20), None)
        ]

    def test_end_on_the_day_he_left(self) -> None:
        left = [change(1, employed=True), change(2, employed=False, days=2)]

        assert domain.employed_periods(left, ZONE) == [Period(date(2026, 2, 20), date(2026, 2, 22))]

    def test_are_the_same_in_any_order_of_versions(self) -> None:
        story = [
            change(1, employed=False),
            change(2, employed=True, days=1),
            change(3, employed=True, days=2),
            change(4, employed=False, days=3),
            change(5, employed=True, days=5),
        ]

        found = {tuple(domain.employed_periods(order, ZONE)) for order in permutations(story)}

        assert found == {
            (Period(date(2026, 2, 21), date(2026, 2, 23)), Period(date(2026, 2, 25), None))
        }

    def test_of_a_clock_gone_wrong_never_end_before_they_begin(self) -> None:
        story = [change(1, employed=True), change(2, employed=False, days=-9)]

        assert domain.employed_periods(story, ZONE) == [
            Period(date(2026, 2, 20), date(2026, 2, 20))
        ]

    def test_are_none_for_who_never_was_an_employee(self) -> None:
        assert domain.employed_periods([change(1, employed=False)], ZONE) == []
        assert domain.employed_periods([], ZONE) == []


class TestFirstToOpen:
    TODAY = date(2026, 3, 1)

    def test_is_the_day_after_the_last_opened(self) -> None:
        assert domain.first_to_open(date(2026, 2, 26), self.TODAY, hired=None) == date(2026, 2, 27)

    def test_of_a_new_database_is_the_day_the_first_was_hired(self) -> None:
        hired = date(2026, 2, 20)

        assert domain.first_to_open(None, self.TODAY, hired=hired) == hired
        assert domain.first_to_open(None, self.TODAY, hired=None) == self.TODAY
        assert domain.first_to_open(None, self.TODAY, hired=date(2030, 1, 1)) == self.TODAY

    def test_is_never_too_long_ago(self) -> None:
        first = domain.first_to_open(date(1999, 1, 1), self.TODAY, hired=None)

        assert (self.TODAY - first).days == domain.CATCH_UP_DAYS


class TestNextMidnight:
    @pytest.mark.parametrize(
        ("now", "zone", "midnight"),
        [
            ("2026-02-20T18:59:50", "Asia/Tashkent", "2026-02-20T19:00:00"),
            ("2026-02-20T19:00:00", "Asia/Tashkent", "2026-02-21T19:00:00"),
            ("2028-02-28T19:00:00", "Asia/Tashkent", "2028-02-29T19:00:00"),
            ("2026-03-08T03:00:00", "America/New_York", "2026-03-08T05:00:00"),
            ("2026-03-08T05:00:00", "America/New_York", "2026-03-09T04:00:00"),
            ("2026-04-23T12:00:00", "Africa/Cairo", "2026-04-23T22:00:00"),  # 00:00 is skipped
        ],
    )
    def test_is_that_of_the_academy(self, now: str, zone: str, midnight: str) -> None:
        moment = datetime.fromisoformat(now).replace(tzinfo=UTC)

        assert domain.next_midnight(moment, zone).isoformat() == f"{midnight}+00:00"


class TestIsFuture:
    def test_is_judged_in_academy_time(self) -> None:
        late = datetime(2026, 2, 20, 18, 59, 59, tzinfo=UTC)

        assert domain.is_future(date(2026, 2, 21), late, ZONE)
        assert not domain.is_future(date(2026, 2, 21), late + timedelta(seconds=1), ZONE)
        assert not domain.is_future(date(2026, 2, 21), late, ZONE, leeway=domain.CLOCK_LEEWAY)


class TestMissingHalves:
    def test_names_what_is_not_there(self) -> None:
        assert domain.missing_halves(attendance=True, score=False) == ["score"]
        assert domain.missing_halves(attendance=False, score=False) == ["attendance", "score"]
        assert domain.missing_halves(attendance=True, score=True) == []


class TestMonthBounds:
    @pytest.mark.parametrize(
        ("month", "last"),
        [("2026-02", 28), ("2028-02", 29), ("2026-12", 31), ("9999-12", 31)],
    )
    def test_are_its_first_and_last_day(self, month: str, last: int) -> None:
        first, end = domain.month_bounds(month)

        assert (first.day, end.day, end.month) == (1, last, first.month)
