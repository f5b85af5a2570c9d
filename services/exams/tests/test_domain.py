"""The rules, without database or HTTP."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exams import domain
from exams.domain import OptionDraft, QuestionDraft

NOON = datetime(2026, 2, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
orders = st.none() | st.integers(0, 5)
options = st.lists(st.builds(OptionDraft, st.text(), st.booleans(), orders), max_size=5)
questions = st.lists(
    st.builds(QuestionDraft, st.text(), st.just("test"), orders, st.none(), options), max_size=6
)


class TestNewCode:
    def test_has_six_letters_that_cannot_be_mistaken(self) -> None:
        codes = {domain.new_code() for _ in range(2000)}
        letters = set("".join(codes))

        assert {len(code) for code in codes} == {6}
        assert letters == set("ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789") - set("OIL")
        assert len(codes) > 1990


class TestCodeOf:
    @given(st.text(domain.CODE_ALPHABET, min_size=6, max_size=6), st.data())
    def test_knows_a_code_in_any_case_and_between_spaces(
        self, code: str, data: st.DataObject
    ) -> None:
        typed = "".join(data.draw(st.sampled_from([each, each.lower()])) for each in code)
        around = data.draw(st.text(" \t\n", max_size=3))

        assert domain.code_of(around + typed + around) == code

    @pytest.mark.parametrize(
        "entered",
        [
            "",
            "ABCDE",
            "ABCDEFG",
            "AB12CD",
            "ABCDE0",
            "ABCDEO",
            "ABCDEI",
            "ABCDEL",
            "AB CDE",
            "ЫЫЫЫЫЫ",
        ],
    )
    def test_knows_what_is_no_code(self, entered: str) -> None:
        assert domain.code_of(entered) is None

    @given(st.text())
    def test_gives_nothing_but_codes(self, entered: str) -> None:
        code = domain.code_of(entered)

        assert code is None or (len(code) == 6 and set(code) <= set(domain.CODE_ALPHABET))


class TestFaultOfOptions:
    @pytest.mark.parametrize("are_correct", [[], [True], [False]])
    def test_asks_for_two_options(self, are_correct: list[bool]) -> None:
        fault = domain.fault_of_options("test", are_correct)

        assert fault == "A test question needs at least 2 options."

    def test_asks_for_a_correct_one(self) -> None:
        fault = domain.fault_of_options("test", [False, False])

        assert fault == "A test question needs at least one correct option."

    @pytest.mark.parametrize("are_correct", [[True, False], [True, True], [False, True]])
    def test_lets_pass_what_can_be_answered(self, are_correct: list[bool]) -> None:
        assert domain.fault_of_options("test", are_correct) is None

    @pytest.mark.parametrize("are_correct", [[], [False], [True]])
    def test_leaves_written_questions_alone(self, are_correct: list[bool]) -> None:
        assert domain.fault_of_options("written", are_correct) is None


class TestArranged:
    @given(questions)
    def test_keeps_given_orders_and_numbers_the_rest_by_place(
        self, drafts: list[QuestionDraft]
    ) -> None:
        found = domain.arranged(drafts)

        for place, (before, after) in enumerate(zip(drafts, found, strict=True), 1):
            assert after.order == (place if before.order is None else before.order)
            assert after.text == before.text
            for seat, (old, new) in enumerate(zip(before.options, after.options, strict=True), 1):
                assert new.order == (seat if old.order is None else old.order)
                assert (new.text, new.is_correct) == (old.text, old.is_correct)

    @given(questions)
    def test_changes_nothing_the_second_time(self, drafts: list[QuestionDraft]) -> None:
        once = domain.arranged(drafts)

        assert domain.arranged(once) == once


class TestTitleOfCopy:
    @given(st.text(min_size=1, max_size=255))
    def test_always_shows_the_mark_and_fits(self, title: str) -> None:
        copy = domain.title_of_copy(title)

        assert copy.endswith(" (Nusxa)")
        assert len(copy) <= 255

    def test_adds_only_the_mark(self) -> None:
        assert domain.title_of_copy("Imtihon") == "Imtihon (Nusxa)"


class TestFolded:
    @pytest.mark.parametrize(
        ("one", "other"),
        [("Ingliz TILI", "ingliz tili"), ("ИНГЛИЗ ТИЛИ", "Инглиз тили"), ("o\u0308", "\u00d6")],
    )
    def test_takes_no_regard_of_case(self, one: str, other: str) -> None:
        assert domain.folded(one) == domain.folded(other)

    def test_keeps_a_name_short_enough_for_an_index(self) -> None:
        widest = "\U0001d160" * domain.SUBJECT_NAME_LENGTH

        assert len(domain.folded(widest).encode()) < 2700


class TestSecondsToWait:
    def test_is_nothing_before_the_tenth_miss(self) -> None:
        assert domain.seconds_to_wait([NOON] * 9, NOON) == 0

    def test_lasts_until_the_oldest_of_ten_misses_is_five_minutes_old(self) -> None:
        misses = [NOON + SECOND * place for place in range(10)]

        assert domain.seconds_to_wait(misses, NOON + SECOND * 9) == 291
        assert domain.seconds_to_wait(misses, NOON + SECOND * 299) == 1
        assert domain.seconds_to_wait(misses, NOON + SECOND * 300) == 0

    @pytest.mark.parametrize(("ahead", "wait"), [(30, 300), (60, 300), (61, 0), (3600, 0)])
    def test_believes_a_clock_that_is_a_little_ahead_and_no_other(
        self, ahead: int, wait: int
    ) -> None:
        assert domain.seconds_to_wait([NOON + SECOND * ahead] * 10, NOON) == wait

    @given(st.lists(st.integers(0, 1000)), st.integers(0, 1300))
    def test_ends_when_fewer_than_ten_misses_are_left(self, ages: list[int], at: int) -> None:
        now = NOON + SECOND * at
        misses = [NOON + SECOND * age for age in ages if age <= at]

        wait = domain.seconds_to_wait(misses, now)

        left = [miss for miss in misses if miss > now - domain.MISS_WINDOW]
        assert (wait == 0) == (len(left) < 10)
        assert len(domain.recent_misses(misses, now)) <= 10
        assert domain.seconds_to_wait(misses, now + SECOND * wait) == 0
