"""Every service is named in every register, so that nothing can be half-added."""

import tomllib

import pytest

from tests.house import file_rules, tree

REGISTERS = {
    "Makefile": r"PACKAGES :=.*\bservices/{}\b",
    "pyproject.toml": r"mypy_path = .*services/{}/src",
    "gateway/routes.yml": r"\b{}\b",
    "deploy/compose.yml": r"(?m)^  {}: &",
    "deploy/postgres/init.sh": r"for service in .*\b{}\b",
    "deploy/swarm/stack.yml": r"(?m)^  {}:$",
    "deploy/observability/prometheus.yml": r"job_name: {},",
    "deploy/.env.example": r"(?mi)^{}_SERVICE_SECRET=",
    "deploy/nats.conf": r'"user": "{}"',
    "shared/src/shared/events/topology.py": r'SERVICES: .*"{}"',
    "deploy/local/src/hpa/options.py": r'SERVICES: .*"{}"',
    "deploy/local/src/hpa/links.py": r'"{}": \(',
    "tests/e2e/running.py": r'SERVICES = .*"{}"',
    "README.md": r"services/{}\b",
}
LISTS = {
    "ruff isort": "tool.ruff.lint.isort.known-first-party",
    "import-linter": "tool.importlinter.root_packages",
}


def settings(path: str) -> list[str]:
    value = tomllib.loads((tree.ROOT / "pyproject.toml").read_text())
    for key in path.split("."):
        value = value[key]
    return list(value)


@pytest.mark.parametrize("register", REGISTERS)
def test_every_register_names_every_service(register: str) -> None:
    text = (tree.ROOT / register).read_text()

    assert not file_rules.unregistered(text, tree.SERVICES, REGISTERS[register])


@pytest.mark.parametrize("name", LISTS)
def test_every_tool_knows_every_service(name: str) -> None:
    assert set(tree.SERVICES) <= set(settings(LISTS[name]))


def test_every_contract_between_imports_names_every_service() -> None:
    document = tomllib.loads((tree.ROOT / "pyproject.toml").read_text())
    contracts = {each["name"]: each for each in document["tool"]["importlinter"]["contracts"]}
    services = set(tree.SERVICES)

    assert services <= set(contracts["Services never import each other"]["modules"])
    assert services <= set(contracts["Shared code never imports a service"]["forbidden_modules"])
    assert services == set(contracts["Inside a service, imports point down"]["containers"])
    for name, module in (
        ("Rules know nothing of frameworks", "domain"),
        ("Use cases and SQL know nothing of HTTP", "service"),
        ("Use cases and SQL know nothing of HTTP", "repository"),
    ):
        assert {f"{service}.{module}" for service in services} <= set(
            contracts[name]["source_modules"]
        )
    assert {f"{service}.repository" for service in services} == set(
        contracts["Only the service layer talks to the repository"]["protected_modules"]
    )


@pytest.mark.parametrize("service", tree.SERVICES)
def test_every_service_is_laid_out_alike(service: str) -> None:
    folder = tree.ROOT / "services" / service
    expected = [
        "README.md",
        f"src/{service}/__main__.py",
        f"src/{service}/main.py",
        f"src/{service}/routes",
        f"src/{service}/settings.py",
        f"src/{service}/migrations/env.py",
        "tests/conftest.py",
    ]

    assert (tree.ROOT / f"deploy/locks/{service}.lock").exists()
    missing = [
        name
        for name in expected
        if not ((folder / name).exists() or (folder / f"{name}.py").exists())
    ]
    assert not missing


class TestTheChecker:
    """The rule finds what was planted, and lets pass what is right."""

    def test_a_missing_service_is_found(self) -> None:
        register = "services:\n  auth:\n  exams:\n"

        assert not file_rules.unregistered(register, ("auth", "exams"), r"(?m)^  {}:$")
        assert file_rules.unregistered(register, ("auth", "rooms"), r"(?m)^  {}:$")

    def test_a_longer_name_is_no_service(self) -> None:
        assert file_rules.unregistered("  exams2:\n", ("exams",), r"(?m)^  {}:$")
