import json

import pytest
from tests.cli.api_answers import CREATED, TEMPLATE, widest
from tests.cli.conftest import Command

from openinspector.testing.simulated_inspector import SimulatedInspector

FINDING = f"{TEMPLATE}/run/0-DDDDDDDD/finding/0-EEEEEEEE"
WAIVER = {
    "arn": f"{TEMPLATE}/waiver/0-FFFFFFFF",
    "assessmentTemplateArn": TEMPLATE,
    "verdict": "NOT_AFFECTED",
    "issues": ["CVE-2024-6387"],
    "subject": "*",
    "agentIds": ["i-1"],
    "reason": "sshd is not reachable from outside.",
    "owner": "ops@example.org",
    "createdAt": CREATED,
    "expiresOn": "2027-03-31",
    "holds": [],
    "ends": [
        {
            "agentId": "i-1",
            "endedOn": "2026-12-01",
            "part": "VERSION",
            "key": "openssh-server",
            "was": ["9.2"],
            "now": ["9.3"],
        }
    ],
    "fromFile": False,
}
WORDS = ("--owner", "ops", "--reason", "r", "--until", "2027-03-31")


def test_a_waiver_is_created_from_a_finding(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("CreateWaiver", {"waiver": WAIVER})
    done = command("waivers", "create", "--finding", FINDING, "--verdict", "not-affected", *WORDS)
    assert done.status == 0, done.err
    assert done.out.splitlines() == [WAIVER["arn"]]
    assert inspector.inputs("CreateWaiver") == [
        {
            "findingArn": FINDING,
            "verdict": "NOT_AFFECTED",
            "reason": "r",
            "owner": "ops",
            "expiresOn": "2027-03-31",
        }
    ]


def test_a_waiver_is_created_by_name(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("CreateWaiver", {"waiver": WAIVER})
    named = ("--template", TEMPLATE, "--issue", "a", "--issue", "b", "--host", "i-1", "--subject", "x*")
    assert json.loads(command("waivers", "create", *named, *WORDS, "--json").out)["arn"] == WAIVER["arn"]
    (sent,) = inspector.inputs("CreateWaiver")
    assert (sent["issues"], sent["agentIds"], sent["subject"]) == (["a", "b"], ["i-1"], "x*")


@pytest.mark.parametrize(
    "options", [(), ("--template", TEMPLATE), ("--template", TEMPLATE, "--finding", FINDING, "--issue", "a")]
)
def test_a_waiver_for_everything_is_refused(command: Command, options: tuple[str, ...]) -> None:
    assert command("waivers", "create", *options, *WORDS).status == 2


def test_a_table_of_waivers(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("ListWaivers", {"waivers": [WAIVER]})
    done = command("waivers", "list", "--template", TEMPLATE)
    assert widest(done.out) <= 80
    assert "CVE-2024-6387 on i-1" in done.words
    assert "2027-03-31" in done.words
    assert json.loads(command("waivers", "list", "--json").out)[0]["ends"][0]["now"] == ["9.3"]
    inspector.prepare("ListWaivers", {"waivers": []})
    assert "waivers create" in command("waivers", "list").out


def test_a_waiver_is_deleted(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("DeleteWaiver", {})
    assert command("waivers", "delete", str(WAIVER["arn"])).status == 0
    assert inspector.inputs("DeleteWaiver") == [{"waiverArn": WAIVER["arn"]}]


def test_reachable_port_is_accepted_with_owner_reason_and_expiry(
    command: Command, inspector: SimulatedInspector
) -> None:
    inspector.prepare("CreateWaiver", {"waiver": WAIVER})
    done = command("reach", "accept", FINDING, *WORDS)
    assert done.out.splitlines() == [WAIVER["arn"]], done.err
    (sent,) = inspector.inputs("CreateWaiver")
    assert (sent["findingArn"], sent["verdict"], sent["owner"]) == (FINDING, "ACCEPTED", "ops")
