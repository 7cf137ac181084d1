"""Alerts and dashboard name metrics and labels that the service has."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from tests.service.api.test_metrics import scraped

from openinspector.model.agent import AgentHealth
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import open_installation

MONITORING = Path(__file__).resolve().parents[2] / "deploy" / "monitoring"
NAME = re.compile(r"\bopeninspector_[a-z_]+")
LABELS = re.compile(r"by \(([a-z_, ]+)\)")


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Names of samples with their labels, of an installation with a target and a template."""
    built = open_installation(tmp_path_factory.mktemp("installation"))
    built.stores.assessments.add_target(builders.target())
    built.stores.assessments.add_template(builders.template())
    assert built.heartbeat(1).health(built.clock.now()) is AgentHealth.HEALTHY
    samples: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(scraped(built, "Bearer secret").text):
        for sample in family.samples:
            samples.setdefault(sample.name, set()).update(sample.labels)
        # A labelled counter that never counted has no samples yet.
        samples.setdefault(f"{family.name}_total" if family.type == "counter" else family.name, set())
    return samples


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def expressions() -> list[str]:
    board = json.loads((MONITORING / "dashboard.json").read_text())
    shown = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    return [*(rule["expr"] for rule in alerts()), *shown]


@pytest.mark.parametrize("expression", expressions())
def test_every_metric_exists(expression: str, metrics: dict[str, set[str]]) -> None:
    named = set(NAME.findall(expression))
    assert named or expression.startswith("up{")
    assert named <= metrics.keys()
    assert expression.count("(") == expression.count(")")


def test_every_metric_of_the_service_is_shown(metrics: dict[str, set[str]]) -> None:
    shown = set(NAME.findall(" ".join(expressions())))
    hidden = {name for name in metrics if not name.endswith(("_created", "_sum", "_count"))} - shown
    assert hidden == {
        "openinspector_api_request_seconds",
        "openinspector_connections_closed_total",
        "openinspector_target_assessment_run_findings",
        "openinspector_target_assessment_runs",
        "openinspector_template_assessment_runs",
        "openinspector_template_healthy_agents",
        "openinspector_template_matching_agents",
    }


def test_every_alert_names_an_action() -> None:
    for rule in alerts():
        assert rule["annotations"].keys() == {"summary", "action"}
        assert rule["labels"]["severity"] in {"critical", "warning"}
