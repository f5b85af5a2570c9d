"""Ports: free, below the ephemeral range, each handed out once."""

import socket
from pathlib import Path

import pytest

from hpa import ports
from hpa.errors import Refused
from hpa.ports import Ports, is_free


class TestPick:
    def test_stays_below_what_the_kernel_hands_out(self) -> None:
        picked = Ports(set())

        assert all(picked.pick() < 32_768 for _ in range(200))

    def test_hands_out_no_port_twice(self) -> None:
        picked = Ports(set())

        assert len({picked.pick() for _ in range(200)}) == 200

    def test_leaves_out_what_is_listened_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.socket() as server:
            port = Ports(set()).pick()
            server.bind((ports.HOST, port))
            server.listen()
            monkeypatch.setattr(ports, "LOWEST", port)
            monkeypatch.setattr(ports, "_highest", lambda: port)

            with pytest.raises(Refused, match="no free port"):
                Ports(set()).pick()

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
