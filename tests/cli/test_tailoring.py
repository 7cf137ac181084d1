import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.api_answers import CREATED, TEMPLATE
from tests.cli.conftest import Command

from openinspector.testing.simulated_inspector import SimulatedInspector

TAILORING = {
    "assessmentTemplateArn": TEMPLATE,
    "variables": [{"name": "password_max_age_days", "value": "90"}],
    "switchedOffControls": [{"control": "debian_12/1.1.1.1", "reason": "It boots from cramfs."}],
    "changedAt": CREATED,
}
FILE = """
benchmark = "debian_12"

[variables]
password_max_age_days = 90

[[switched_off]]
control = "1.1.1.1"
reason = "It boots from cramfs."

[[waiver]]
issue = "CVE-2024-6387"
verdict = "mitigated"
reason = "r"
owner = "ops"
expires = <in 30 days>

[[waiver.holds]]
part = "exposure"
key = "port"
value = "tcp/22"
"""


def in_30_days() -> str:
    return (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


def test_a_file_is_put(command: Command, inspector: SimulatedInspector, tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text(FILE.replace("<in 30 days>", in_30_days()))
    inspector.prepare("PutTailoring", {"tailoring": TAILORING})
    done = command("tailoring", "put", TEMPLATE, str(file))
    assert done.status == 0, done.err
    assert done.out.strip() == "1 variables, 1 controls switched off, 1 waivers."
    (sent,) = inspector.inputs("PutTailoring")
    assert sent["variables"] == TAILORING["variables"]
    assert sent["switchedOffControls"] == TAILORING["switchedOffControls"]
    assert sent["waivers"] == [
        {
            "verdict": "MITIGATED",
            "issues": ["CVE-2024-6387"],
            "subject": "*",
            "agentIds": [],
            "reason": "r",
            "owner": "ops",
            "expiresOn": in_30_days(),
            "holds": [{"part": "EXPOSURE", "key": "port", "value": "tcp/22"}],
        }
    ]
    assert json.loads(command("tailoring", "put", TEMPLATE, str(file), "--json").out)["variables"]


@pytest.mark.parametrize("content", ["[", '[[switched_off]]\ncontrol = "1.1.1.1"\nreason = "r"\n'])
def test_a_file_that_cannot_be_applied_is_refused(command: Command, tmp_path: Path, content: str) -> None:
    """A control without a benchmark is ambiguous: a template may assess several systems."""
    file = tmp_path / "site.toml"
    file.write_text(content)
    assert command("tailoring", "put", TEMPLATE, str(file)).status == 2


def test_a_tailoring_is_shown_and_deleted(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("GetTailoring", {"tailoring": TAILORING})
    assert "off: It boots from cramfs." in command("tailoring", "show", TEMPLATE).words
    assert json.loads(command("tailoring", "show", TEMPLATE, "--json").out)["assessmentTemplateArn"] == TEMPLATE
    inspector.prepare("DeleteTailoring", {})
    assert command("tailoring", "delete", TEMPLATE).status == 0
