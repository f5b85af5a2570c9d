"""What watches the suite asks for what is there, and nobody is let in by it."""

import json
import re
import runpy
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house import tree

FOLDER = tree.ROOT / "deploy" / "observability"
DASHBOARDS = sorted((FOLDER / "grafana" / "dashboards").glob("*.json"))
SERVICES = yaml.safe_load((tree.ROOT / "deploy" / "compose.yml").read_text())["services"]
EYES = {name: one for name, one in SERVICES.items() if one.get("profiles") == ["observability"]}
METRIC = re.compile(r"\b(?:hpa|traefik|process)_[a-z0-9_]+")
DECLARED = re.compile(r'"(hpa_[a-z0-9_]+)"')
SERIES = re.compile(r"_(?:bucket|count|sum)$")


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def rules() -> list[dict[str, Any]]:
    groups = loaded(FOLDER / "alerts.yml")["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> Iterator[dict[str, Any]]:
    for path in DASHBOARDS:
        yield from json.loads(path.read_text())["panels"]


def expressions() -> list[str]:
    """Return every question that alerts and dashboards ask Prometheus."""
    asked = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [*(rule["expr"] for rule in rules()), *asked]


def asked_for(texts: list[str]) -> set[str]:
    """Return the metrics that questions name, without the endings of a histogram's series."""
    return {SERIES.sub("", name) for text in texts for name in METRIC.findall(text)}


def declared() -> set[str]:
    """Return the metrics that the code makes."""
    code = [path for path in tree.files() if path.suffix == ".py" and "src" in path.parts]
    return {
        name
        for path in code
        if "testing" not in path.parts
        for name in DECLARED.findall(path.read_text())
    }


def unbalanced(text: str) -> bool:
    """Tell whether a bracket outside of a string has no partner."""
    bare = re.sub(r'"[^"]*"', "", text)
    while (shorter := re.sub(r"\(\)|\[\]|\{\}|[^()\[\]{}]", "", bare)) != bare:
        bare = shorter
    return bool(bare)


def test_every_metric_that_is_asked_for_is_made() -> None:
    own = {name for name in asked_for(expressions()) if name.startswith("hpa_")}

    assert own
    assert not own - declared()


def test_every_metric_is_documented_and_no_other() -> None:
    text = (tree.ROOT / "docs" / "observability.md").read_text()

    assert set(re.findall(r"`(hpa_[a-z0-9_]+)", text)) == declared()


def test_every_metric_is_shown_or_watched() -> None:
    unseen = declared() - asked_for(expressions())

    assert unseen == {"hpa_draining"}


def test_the_checker_finds_a_metric_that_nobody_makes() -> None:
    assert asked_for(["rate(hpa_gone_total[5m]) > hpa_seconds_bucket"]) == {
        "hpa_gone_total",
        "hpa_seconds",
    }
    assert unbalanced("sum(rate(x[5m])")
    assert not unbalanced('sum(rate(x{route="/{id}/("}[5m]))')


def test_every_question_has_its_brackets() -> None:
    assert not [text for text in expressions() if unbalanced(text)]


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]

    assert len(names) == len(set(names))
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "look"}, rule
        document, _, heading = rule["annotations"]["action"].partition(": ")
        text = (tree.ROOT / "docs" / document).read_text()
        assert not heading or f"## {heading}" in text, rule


def test_every_panel_has_a_place_and_a_source_that_is_provisioned() -> None:
    sources = loaded(FOLDER / "grafana" / "provisioning" / "datasources" / "hpa.yml")
    known = {one["uid"] for one in sources["datasources"]}

    for path in DASHBOARDS:
        shown = json.loads(path.read_text())["panels"]
        assert len({panel["id"] for panel in shown}) == len(shown)
        assert {panel["datasource"]["uid"] for panel in shown} <= known
        assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in shown)


def test_every_part_is_asked() -> None:
    jobs = {one["job_name"] for one in loaded(FOLDER / "prometheus.yml")["scrape_configs"]}

    assert jobs == {*tree.SERVICES, "messaging-sender", "gateway", "traefik", "nats"}
    assert jobs <= set(SERVICES)


def test_only_grafana_is_reached_and_only_from_this_machine() -> None:
    assert set(EYES) == {"prometheus", "nats-exporter", "jaeger", "grafana"}
    published = {name: one["ports"] for name, one in EYES.items() if "ports" in one}

    assert published == {"grafana": ["127.0.0.1:${HPA_GRAFANA_PORT:-3000}:3000"]}
    assert all(one["cap_drop"] == ["ALL"] and one["read_only"] for one in EYES.values())


def test_what_is_mounted_is_there() -> None:
    for one in EYES.values():
        for volume in one.get("volumes", []):
            source = volume.partition(":")[0]
            assert not source.startswith(".") or (tree.ROOT / "deploy" / source).exists(), volume


def test_the_gateways_file_with_traces_is_fresh() -> None:
    script = runpy.run_path(str(tree.ROOT / "scripts" / "build_traefik.py"))

    assert (FOLDER / "traefik.yml").read_text() == script["text"]()


@pytest.mark.skipif(shutil.which("docker") is None, reason="no docker command")
def test_compose_takes_the_profile(tmp_path: Path) -> None:
    example = tree.ROOT / "deploy" / ".env.example"
    environment = tmp_path / "env"
    environment.write_text(example.read_text().replace("CHANGE_ME", "s" * 40))
    folder = tree.ROOT / "deploy"
    command = ["docker", "compose", "-f", f"{folder}/compose.yml", "--env-file", str(environment)]
    shown = subprocess.run(
        [*command, "--profile", "observability", "config", "--services"],
        capture_output=True,
        text=True,
        check=False,
    )
    if "not a docker command" in shown.stderr:
        pytest.skip("no compose")

    assert shown.returncode == 0, shown.stderr
    assert set(EYES) <= set(shown.stdout.split())
