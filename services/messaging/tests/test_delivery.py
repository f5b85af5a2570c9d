"""What an answer means, and how fast the bot may go."""

import pytest

from messaging.domain.delivery import (
    AHEAD_MICROS,
    IN_DOUBT,
    LEAD_MICROS,
    MAX_ERROR,
    MAX_RETRIES,
    MICROS,
    Outcome,
    Pace,
    Verdict,
    judge,
)


def no(status: int, text: str = "no", **parameters: object) -> dict[str, object]:
    return {"ok": False, "error_code": status, "description": text, "parameters": parameters}


class TestJudge:
    def test_sent_is_only_what_telegram_itself_confirms(self) -> None:
        assert judge(200, {"ok": True, "result": {}}, tries=0) == Outcome(Verdict.SENT)

    @pytest.mark.parametrize("status", [502, 503, 504])
    @pytest.mark.parametrize("body", [None, no(502, "Bad Gateway"), {"ok": True}])
    def test_a_gateway_that_failed_leaves_doubt(self, status: int, body: object) -> None:
        assert judge(status, body, tries=0) == IN_DOUBT

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (200, None),
            (200, no(400)),
            (200, {"ok": "yes"}),
            (200, [1]),
            (201, {"ok": True}),
            (302, None),
            (400, None),
            (403, {"error": "a proxy's own"}),
            (500, None),
            (501, no(501)),
        ],
    )
    def test_what_telegram_did_not_say_leaves_doubt(self, status: int, body: object) -> None:
        assert judge(status, body, tries=0) == IN_DOUBT

    def test_a_json_500_is_tried_again_three_times(self) -> None:
        outcomes = [judge(500, no(500, "restart"), tries=tries) for tries in range(5)]

        assert [each.verdict for each in outcomes] == [Verdict.FAULT] * MAX_RETRIES + [
            Verdict.REFUSED
        ] * 2
        assert [each.wait for each in outcomes[:3]] == [1, 2, 4]
        assert outcomes[3].error == "restart"

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
    def test_a_no_of_telegram_is_final_and_keeps_its_text(self, status: int) -> None:
        outcome = judge(status, no(status, "x" * 600), tries=0)

        assert outcome.verdict is Verdict.REFUSED
        assert outcome.error == "x" * MAX_ERROR

    def test_a_chat_that_is_gone_is_marked(self) -> None:
        assert judge(403, no(403, "Forbidden: bot was blocked"), tries=0).is_unreachable
        assert judge(400, no(400, "Bad Request: chat not found"), tries=0).is_unreachable
        assert not judge(400, no(400, "Bad Request: message is too long"), tries=0).is_unreachable

    @pytest.mark.parametrize(
        ("body", "wait"),
        [
            (no(429, retry_after=7), 7),
            (no(429, retry_after=10**9), 3600),
            (no(429, retry_after=-1), 5),
            (no(429, retry_after="soon"), 5),
            (no(429), 5),
            (None, 5),
            ({"ok": False, "parameters": []}, 5),
        ],
    )
    def test_429_says_how_long_the_bot_waits(self, body: object, wait: float) -> None:
        outcome = judge(429, body, tries=9)

        assert (outcome.verdict, outcome.wait) == (Verdict.SLOW_DOWN, wait)
        assert not outcome.is_final


class TestPace:
    def test_never_lets_more_than_the_rate_into_a_second(self) -> None:
        pace = Pace(rate=25, timeout=10)

        assert 25 * pace.gap > MICROS
        assert 23 * pace.gap < MICROS

    def test_starts_a_little_ahead_and_never_before_the_bucket(self) -> None:
        pace = Pace(rate=25, timeout=10)

        assert pace.first_slot(now=1000, next_at=0) == 1000 + pace.gap
        assert pace.first_slot(now=1000, next_at=900_000) == 900_000

    @pytest.mark.parametrize(
        ("within", "lead"), [(0, 42_400), (0.06, 60_000), (0.2, 200_000), (9, AHEAD_MICROS)]
    )
    def test_starts_as_soon_as_the_claim_can_be_committed(self, within: float, lead: int) -> None:
        assert Pace(rate=25, timeout=10).first_slot(now=0, next_at=0, within=within) == lead

    @pytest.mark.parametrize("rate", [0.1, 1, 25, 1e6])
    def test_believes_no_bucket_that_a_moved_clock_left(self, rate: float) -> None:
        pace = Pace(rate=rate, timeout=10)
        furthest = AHEAD_MICROS + (pace.block + pace.slots_in(9)) * pace.gap

        assert pace.first_slot(now=0, next_at=furthest) == furthest
        assert pace.first_slot(now=0, next_at=furthest + 30 * MICROS) == min(pace.gap, LEAD_MICROS)

    @pytest.mark.parametrize(("seconds", "slots"), [(0, 0), (0.02, 0), (0.1, 2), (9, 12)])
    def test_reserves_more_where_claims_are_slow(self, seconds: float, slots: int) -> None:
        assert Pace(rate=25, timeout=10).slots_in(seconds) == slots

    @pytest.mark.parametrize(("rate", "block"), [(0.5, 1), (1, 1), (25, 2), (1000, 100)])
    def test_reserves_little_ahead(self, rate: float, block: int) -> None:
        assert Pace(rate=rate, timeout=10).block == block

    def test_lets_no_lease_end_before_its_call(self) -> None:
        assert Pace(rate=25, timeout=10).lease == 18 * MICROS
