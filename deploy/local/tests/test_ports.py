"""Ports: free, below the ephemeral range, each handed out once."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hpa import ports
from hpa.errors import Refused
from hpa.ports import Ports, is_free


@pytest.fixture
def held() -> Iterator[Ports]:
    """Return ports that are let go at the end."""
    held = Ports()
    yield held
    held.close()


def listen(port: int) -> socket.socket:
    """Listen as servers do."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((ports.HOST, port))
    server.listen()
    return server


class TestPick:
    def test_stays_below_what_the_kernel_hands_out(self, held: Ports) -> None:
        assert all(held.pick() < 32_768 for _ in range(200))

    def test_hands_out_no_port_twice(self, held: Ports) -> None:
        assert len({held.pick() for _ in range(200)}) == 200

    def test_keeps_the_port_from_others(self, held: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
        port = held.pick()
        monkeypatch.setattr(ports, "LOWEST", port)
        other = Ports()
        monkeypatch.setattr(other, "_highest", port)

        with pytest.raises(Refused, match="no free port"):
            other.pick()

    def test_lets_servers_in_one_after_the_other(self, held: Ports) -> None:
        port = held.pick()

        for _ in range(2):
            with listen(port) as server, socket.create_connection((ports.HOST, port)):
                assert server.getsockname()[1] == port

    @pytest.mark.parametrize(
        ("text", "highest"),
        [("32768\t60999\n", 32_767), ("20000 60999", 19_999), ("1024 9", 32_767)],
    )
    def test_follows_the_kernel(
        self, text: str, highest: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "range").write_text(text)
        monkeypatch.setattr(ports, "RANGE_FILE", tmp_path / "range")

        assert ports._highest() == highest


class TestClaim:
    def test_takes_a_port_once_on_the_machine(self, held: Ports) -> None:
        other, port = Ports(), held.pick()

        assert held.claim(port)
        assert not other.claim(port)
        other.close()

    def test_gives_it_back_at_the_end(self, held: Ports) -> None:
        other, port = Ports(), held.pick()
        other.claim(port)

        other.close()

        assert held.claim(port)


class TestIsFree:
    def test_is_false_while_something_listens(self) -> None:
        with socket.socket() as server:
            server.bind((ports.HOST, 0))
            server.listen()
            port = server.getsockname()[1]

            assert not is_free(port)

        assert is_free(port)

    def test_is_false_for_a_server_on_all_addresses(self) -> None:
        with socket.socket() as server:
            server.bind(("0.0.0.0", 0))  # noqa: S104 - that is the case
            server.listen()

            assert not is_free(server.getsockname()[1])
