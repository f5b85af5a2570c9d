"""How a module must look, whoever wrote it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house import code_rules, tree

MAY_COMMIT = ("shared/src/shared/db/",)
FOR_TESTS = ("shared/src/shared/testing/",)
MAKE_SECRETS = ("services/", "shared/src/shared/security/", "deploy/local/")
"""Elsewhere in shared/, chance only spreads retries."""
ROUTE_MODULES = ("routes.py", "routes")


def broken(paths: list[Path], rule: Callable[[str], list[str]]) -> list[str]:
    return [f"{tree.name(path)}: {finding}" for path in paths for finding in rule(path.read_text())]


def route_modules() -> list[Path]:
    return [
        path
        for path in tree.sources()
        if path.name in ROUTE_MODULES or path.parent.name in ROUTE_MODULES
    ]


class TestModules:
    def test_are_short(self) -> None:
        sources = [path for path in tree.modules() if not tree.is_test(path)]

        assert not broken(
            sources, lambda text: code_rules.long_module(text, limit=code_rules.MODULE_LINES)
        )

    def test_of_tests_are_short_too(self) -> None:
        tests = [path for path in tree.modules() if tree.is_test(path)]

        assert not broken(
            tests, lambda text: code_rules.long_module(text, limit=code_rules.TEST_MODULE_LINES)
        )

    def test_open_with_a_sentence(self) -> None:
        assert not broken(tree.modules(), code_rules.missing_docstring)

    def test_leave_the_commit_to_the_edge(self) -> None:
        sources = [path for path in tree.sources() if not tree.name(path).startswith(MAY_COMMIT)]

        assert not broken(sources, code_rules.commits)

    def test_never_put_values_into_statements(self) -> None:
        sources = [path for path in tree.sources() if not tree.name(path).startswith(FOR_TESTS)]

        assert not broken(sources, code_rules.formatted_sql)

    def test_draw_no_code_or_token_from_a_guessable_generator(self) -> None:
        sources = [path for path in tree.sources() if tree.name(path).startswith(MAKE_SECRETS)]

        assert not broken(sources, code_rules.random_imports)


class TestRoutes:
    def test_are_found(self) -> None:
        owners = {path.relative_to(tree.ROOT).parts[1] for path in route_modules()}

        assert owners == set(tree.SERVICES)

    def test_declare_their_refusals(self) -> None:
        assert not broken(route_modules(), code_rules.undeclared_refusals)

    def test_end_with_a_slash(self) -> None:
        assert not broken(route_modules(), code_rules.routes_without_slash)


class TestTheCheckers:
    """Each rule finds what was planted, and lets pass what is right."""

    def test_a_long_module_is_found(self) -> None:
        assert code_rules.long_module("x = 1\n" * 301, limit=300)
        assert not code_rules.long_module("x = 1\n" * 300, limit=300)

    @pytest.mark.parametrize("text", ["x = 1\n", '"""no full stop"""\n', '""""""\n'])
    def test_a_missing_sentence_is_found(self, text: str) -> None:
        assert code_rules.missing_docstring(text)
        assert not code_rules.missing_docstring('"""What lives here."""\n')

    @pytest.mark.parametrize("text", ["await tx.commit()", "done = session.commit"])
    def test_a_commit_is_found(self, text: str) -> None:
        assert code_rules.commits(f"async def f():\n    {text}\n")
        assert not code_rules.commits("await tx.flush()")

    @pytest.mark.parametrize(
        "text", ["import random", "from random import choice", "import os, random as dice"]
    )
    def test_the_random_module_is_found(self, text: str) -> None:
        assert code_rules.random_imports(text)
        assert not code_rules.random_imports("import secrets")

    @pytest.mark.parametrize(
        "text",
        [
            'tx.execute(f"SELECT {x}")',
            'tx.execute(text(f"SELECT {x}"))',
            'tx.scalar("SELECT %s" % x)',
            'cursor.execute("SELECT " + x)',
            'cursor.execute("SELECT {}".format(x))',
            'connection.fetch(f"SELECT {x}")',
        ],
    )
    def test_a_formatted_statement_is_found(self, text: str) -> None:
        assert code_rules.formatted_sql(text)
        assert not code_rules.formatted_sql('tx.execute(text("SELECT :x"), {"x": 1})')

    def test_an_undeclared_refusal_is_found(self) -> None:
        route = '@router.post("/", {})\nasync def create(tx): ...\n'

        assert code_rules.undeclared_refusals(route.format("status_code=201"))
        assert not code_rules.undeclared_refusals(route.format("responses=errors(Gone)"))

    def test_a_list_refuses_nothing_of_its_own(self) -> None:
        route = '@router.get("{}")\nasync def read(tx): ...\n'

        assert not code_rules.undeclared_refusals(route.format("/"))
        assert code_rules.undeclared_refusals(route.format("/{exam_id}/"))

    def test_a_missing_slash_is_found(self) -> None:
        route = '@router.get("{}")\nasync def read(tx): ...\n'

        assert code_rules.routes_without_slash(route.format("/{exam_id}"))
        assert not code_rules.routes_without_slash(route.format("/{exam_id}/"))

    def test_handlers_are_found(self) -> None:
        text = "build_app(users=True)\n@consumers.on(ExamChangedV1)\nasync def f(): ...\n"

        assert code_rules.handled_events(text) == {"ExamChangedV1", "UserChangedV1"}
