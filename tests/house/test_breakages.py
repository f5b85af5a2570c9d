"""The deliberate breakages still fit the code, and each names a test and stands in the table."""

import ast
from pathlib import Path

import pytest

from tests.faults.breakages import BREAKAGES, Breakage, Moved
from tests.house import tree

TABLE = (tree.ROOT / "docs/reliability.md").read_text()


def test_there_are_at_least_twelve_and_each_has_a_name_of_its_own() -> None:
    assert len({each.name for each in BREAKAGES}) == len(BREAKAGES) >= 12


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda each: each.name)
class TestABreakage:
    def test_still_applies_and_leaves_python(self, breakage: Breakage) -> None:
        broken = breakage.broken(tree.ROOT)

        ast.parse(broken)
        assert broken != (tree.ROOT / breakage.path).read_text()

    def test_names_a_test_that_there_is(self, breakage: Breakage) -> None:
        file, _, name = breakage.test.partition("::")

        assert f"def {name.rpartition('::')[2]}(" in (tree.ROOT / file).read_text()

    def test_stands_in_the_table_as_it_is(self, breakage: Breakage) -> None:
        promises = ", ".join(map(str, breakage.promises))
        file, test = breakage.test.split("::")[0], breakage.test.split("::")[-1]

        assert f"| {breakage.name} | {promises} | `{file}` `{test}` |" in TABLE


class TestTheChecker:
    @pytest.mark.parametrize("text", ["a = 2\n", "a = 1\na = 1\n"])
    def test_fails_loudly_when_the_code_has_moved(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "x.py").write_text(text)
        breakage = Breakage("planted", (1,), "x.py", "a = 1\n", "a = 3\n", "x.py::test")

        with pytest.raises(Moved):
            breakage.broken(tmp_path)

    def test_changes_what_is_there_once(self, tmp_path: Path) -> None:
        (tmp_path / "x.py").write_text("a = 1\nb = 2\n")
        breakage = Breakage("planted", (1,), "x.py", "a = 1\n", "a = 3\n", "x.py::test")

        assert breakage.broken(tmp_path) == "a = 3\nb = 2\n"
