"""How far a service is behind, read from its metrics."""

import socket

from hpa.lag import Lag, ask_lags, lag_of

PAGE = """HTTP/1.1 200 OK\r
\r
# HELP hpa_outbox_waiting Events that are not published yet.
# TYPE hpa_outbox_waiting gauge
hpa_outbox_waiting 3.0
hpa_dead_letters 1.0
hpa_consumer_waiting{consumer="exams--hpa-user-changed-v1"} 5.0
hpa_consumer_waiting{consumer="exams--hpa-result-changed-v1"} 10000.0
hpa_consumer_unacknowledged{consumer="exams--hpa-user-changed-v1"} 2.0
hpa_consumer_unacknowledged{consumer="exams--hpa-result-changed-v1"} 0.0
"""


class TestTheLag:
    def test_is_the_sum_over_all_consumers(self) -> None:
        assert lag_of(PAGE) == Lag(outbox=3, behind=10_007, dead=1)

    def test_is_unknown_where_the_service_cannot_say(self) -> None:
        assert lag_of("hpa_jetstream_up 0.0\nhpa_database_up 0.0\n") == Lag()

    async def test_is_unknown_where_nobody_answers(self) -> None:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))  # taken, and nobody listens
            address = f"127.0.0.1:{nobody.getsockname()[1]}"
            target = {"targets": [address], "labels": {"job": "auth", "process": "auth"}}

            assert await ask_lags([target]) == {"auth": Lag()}
