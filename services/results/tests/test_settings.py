"""Settings of results: a queue and a batch that can work."""

from typing import Any

import pytest
from pydantic import ValidationError

from results.settings import Settings


@pytest.mark.parametrize("name", ["submit_queue", "submit_batch"])
@pytest.mark.parametrize("value", [0, -1, 100_000])
def test_a_line_of_hand_ins_has_an_end_and_a_beginning(
    name: str, value: int, settings_kwargs: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings(**(settings_kwargs | {name: value}))
