"""Deliberate breakages: what would break a promise, and the test that must not let it pass."""

from dataclasses import dataclass
from pathlib import Path


class Moved(Exception):
    """The code that a breakage changes is not there any more: the breakage must be written anew."""


@dataclass(frozen=True)
class Breakage:
    """One change of one file, in which *old* stands exactly once."""

    name: str
    promises: tuple[int, ...]
    path: str
    old: str
    new: str
    test: str
    """The test that goes red, as pytest names it."""

    def broken(self, root: Path) -> str:
        """Return the file as it would be. Raises `Moved`."""
        text = (root / self.path).read_text()
        if text.count(self.old) != 1:
            message = f"{self.name}: found {text.count(self.old)} times in {self.path}"
            raise Moved(message)
        return text.replace(self.old, self.new)


SUBMITS = "services/results/src/results/repository/submits.py"
JUDGE = "services/results/src/results/service/submits.py"
SWEEPING = "services/messaging/src/messaging/repository/sweeping.py"
BREAKAGES = (
    Breakage(
        "synchronous=NORMAL",
        (2,),
        "shared/src/shared/db/limits.py",
        "PRAGMA synchronous=full",
        "PRAGMA synchronous=normal",
        "shared/tests/test_db_states.py::TestRequireDurable::test_takes_what_the_suite_itself_sets",
    ),
    Breakage(
        "synchronous=NORMAL, and the power fails",
        (2,),
        "shared/src/shared/db/limits.py",
        "PRAGMA synchronous=full",
        "PRAGMA synchronous=normal",
        "tests/faults/test_power_cut.py::test_what_was_accepted_outlives_a_power_cut",
    ),
    Breakage(
        "a PostgreSQL without fsync is taken",
        (2,),
        "deploy/local/src/hpa/postgres.py",
        'RISKY: Final = ("fsync", "full_page_writes", "synchronous_commit")',
        "RISKY: Final = ()",
        "deploy/local/tests/test_postgres.py::TestProvision"
        "::test_refuses_a_server_that_loses_commits_in_production",
    ),
    Breakage(
        "answer before the commit",
        (1,),
        "shared/src/shared/http/deps.py",
        'Depends(_transaction, scope="function")',
        "Depends(_transaction)",
        "shared/tests/test_http_deps.py::TestTx"
        "::test_a_commit_that_fails_is_never_answered_with_success",
    ),
    Breakage(
        "check, then insert",
        (4,),
        SUBMITS,
        'rows, key=_PAIR, returning=("id",)',
        'rows, returning=("id",), key=()',
        "services/results/tests/test_processes.py::TestSubmitExamInTwoProcesses"
        "::test_without_a_key_refuses_the_second",
    ),
    Breakage(
        "no Location of the result that is there",
        (3,),
        "services/results/src/results/errors.py",
        '            self.headers["Location"] = f"/api/v1/exam-results/{result_id}/"\n',
        "            pass\n",
        "services/results/tests/test_submit.py::TestSubmitExam"
        "::test_is_refused_the_second_time_with_the_way_to_the_first",
    ),
    Breakage(
        "a key that is not kept",
        (3,),
        JUDGE,
        "        if one.submission.key:\n",
        "        if False:\n",
        "services/results/tests/test_submit.py::TestIdempotencyKey"
        "::test_gives_a_retry_the_same_bytes",
    ),
    Breakage(
        "the score from what was sent",
        (5,),
        "services/results/src/results/domain.py",
        "return score_of(self.correct, self.total)",
        "return score_of(self.correct, len(self.answers))",
        "services/results/tests/test_domain.py::TestGrade"
        "::test_agrees_with_the_rule_counted_naively",
    ),
    Breakage(
        "push left out",
        (6,),
        "services/exams/src/exams/clients.py",
        "    if results is None:\n        return\n",
        "    return\n",
        "services/exams/tests/test_push.py::TestAPush"
        "::test_has_arrived_when_the_author_is_answered",
    ),
    Breakage(
        "no question to exams on a miss",
        (6,),
        JUDGE,
        "    if not _is_sure(one, exam, content, trusted):\n        return UNSURE\n",
        "",
        "services/results/tests/test_exams_replica.py::TestAskingExams"
        "::test_finds_an_exam_that_no_push_told_of",
    ),
    Breakage(
        "the relay by a high-water mark",
        (7,),
        "shared/src/shared/events/outbox.py",
        "    .where(Outbox.published_at.is_(None))\n    .order_by(Outbox.id)\n",
        "    .where(\n"
        "        Outbox.id\n"
        "        > select(func.coalesce(func.max(Outbox.id), 0))\n"
        "        .where(Outbox.published_at.is_not(None))\n"
        "        .scalar_subquery()\n"
        "    )\n"
        "    .order_by(Outbox.id)\n",
        "shared/tests/test_events_points.py::TestARelay"
        "::test_publishes_what_is_committed_after_a_later_number",
    ),
    Breakage(
        "marked before the ack",
        (7,),
        "shared/src/shared/events/relay.py",
        "                fault = answer\n",
        "                acked[row[0]] = 0\n",
        "shared/tests/test_events_points.py::TestARelay"
        "::test_that_dies_leaves_nothing_undone_and_nothing_twice",
    ),
    Breakage(
        "no Nats-Msg-Id",
        (8,),
        "shared/src/shared/events/relay.py",
        'headers = {"Nats-Msg-Id": event_id}',
        'headers = {"X-Msg-Id": event_id}',
        "shared/tests/test_events_points.py::TestARelay"
        "::test_that_dies_leaves_nothing_undone_and_nothing_twice",
    ),
    Breakage(
        "ack before the commit",
        (8,),
        "shared/src/shared/events/loop.py",
        "        received = [one for _, one in batch]\n",
        "        received = [one for _, one in batch]\n        await self._ack(batch)\n",
        "shared/tests/test_events_points.py::TestAConsumer"
        "::test_gets_again_what_its_database_could_not_take",
    ),
    Breakage(
        "inbox left out",
        (8,),
        "shared/src/shared/events/inbox.py",
        "    return [one for one in received if one.key in noted and one is first[one.key]]\n",
        "    return received\n",
        "shared/tests/test_events_points.py::TestAConsumer::test_applies_what_comes_twice_once",
    ),
    Breakage(
        "the last to arrive wins, not the newest",
        (8,),
        "shared/src/shared/db/upsert.py",
        "        where=table.version < statement.excluded.version,\n",
        "",
        "shared/tests/test_events_delivery.py::TestInbox"
        "::test_equals_a_clean_run_after_duplicates_and_shuffles",
    ),
    Breakage(
        "a lost stream is not noticed",
        (9,),
        "shared/src/shared/events/relay.py",
        "if known is None or known.born != born or last < known.last_seq:",
        "if known is None:",
        "shared/tests/test_events_delivery.py::TestRelay"
        "::test_notices_a_stream_that_is_shorter_than_it_was",
    ),
    Breakage(
        "retry on a read timeout",
        (10,),
        "shared/src/shared/http/client.py",
        "except (httpx2.ConnectError, httpx2.ConnectTimeout):",
        "except httpx2.TransportError:",
        "shared/tests/test_http_client.py::TestReplicas"
        "::test_are_not_sent_what_another_may_have_received",
    ),
    Breakage(
        "what was found sending goes back to pending",
        (12,),
        SWEEPING,
        "            .where(MessageLog.id.in_(ids), MessageLog.status == Status.SENDING)\n"
        "            .values(status=Status.FAILED, error=error, lease_until=None)\n",
        "            .where(MessageLog.id.in_(ids), MessageLog.status == Status.SENDING)\n"
        "            .values(status=Status.PENDING, error=None, lease_until=None)\n",
        "services/messaging/tests/test_broadcast.py::TestABroadcast"
        "::test_survives_a_hostile_telegram_and_a_killed_sender",
    ),
    Breakage(
        "a gateway's 502 taken for a no",
        (12,),
        "services/messaging/src/messaging/domain/delivery.py",
        "    if not answer or status in {502, 503, 504}:\n        return IN_DOUBT\n",
        "    if not answer or status in {502, 503, 504}:\n        return UNSENT\n",
        "services/messaging/tests/test_delivery.py::TestJudge"
        "::test_a_gateway_that_failed_leaves_doubt",
    ),
    Breakage(
        "work logs without insert-or-nothing",
        (14,),
        "services/worklogs/src/worklogs/repository/logs.py",
        "insert_into(tx, WorkLog).values(rows).on_conflict_do_nothing()",
        "insert_into(tx, WorkLog).values(rows)",
        "services/worklogs/tests/test_days.py::TestOpenDays"
        "::test_makes_no_second_row_when_the_clock_goes_back",
    ),
    Breakage(
        "no leeway for clocks",
        (19,),
        "shared/src/shared/security/tokens.py",
        "LEEWAY: Final = timedelta(seconds=60)",
        "LEEWAY: Final = timedelta(seconds=0)",
        "shared/tests/test_security_tokens.py::TestVerify::test_forgives_a_minute_of_clock_skew",
    ),
    Breakage(
        "an older copy of a stream that has grown is not noticed",
        (9,),
        "shared/src/shared/events/relay.py",
        "return bool(doubtful) and await outbox.have_been_given(tx, doubtful)",
        "return False",
        "shared/tests/test_events_lost.py::TestAnOlderCopyOfTheStore"
        "::test_is_filled_up_again_even_when_it_has_outgrown_the_lost_one",
    ),
    Breakage(
        "ready/ does not ask whether the database can be written",
        (17,),
        "shared/src/shared/http/health.py",
        "return await app.writes.state()",
        'return "ok"',
        "shared/tests/test_db_writable.py::TestALockedOrCrowdedDatabase"
        "::test_is_named_while_it_lasts_counted_and_logged",
    ),
    Breakage(
        "the whole wait for a lock after a whole wait in line",
        (18,),
        "shared/src/shared/db/engine.py",
        "return LOCK_SECONDS if waited <= SHORT_LOCK_SECONDS else SHORT_LOCK_SECONDS",
        "return LOCK_SECONDS",
        "shared/tests/test_db_states.py::TestALockedOrCrowdedDatabase"
        "::test_is_waited_for_less_by_who_waited_in_line",
    ),
    Breakage(
        "a window of a clock that went back goes on",
        (19,),
        "services/auth/src/auth/domain/throttle.py",
        "return now < self.ends_at <= now + LONGEST",
        "return now < self.ends_at",
        "services/auth/tests/test_domain.py::TestStanding"
        "::test_believes_a_clock_that_is_a_little_ahead_and_no_other",
    ),
)
