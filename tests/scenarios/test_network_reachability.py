"""Account → sealed snapshot → rules → findings → boto3: a run that needs no agent."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.test_main_job import findings_of, wait_for_end

from openinspector.cli.client import OWN_SERVICE
from openinspector.testing.network_builders import ACCOUNT, REGION, two_vpcs
from openinspector.testing.whole_system import WholeSystem

TAG = {"Key": "Demo", "Value": "this host"}


def write_account(folder: Path, network: dict[str, Any]) -> Path:
    """Write a snapshot as files of `aws` output and return its folder."""
    place = folder / "accounts" / ACCOUNT / REGION
    place.mkdir(parents=True, exist_ok=True)
    for operation, content in network.items():
        (place / f"{operation}.json").write_text(json.dumps(content))
    return folder / "accounts"


@pytest.fixture
def network() -> dict[str, Any]:
    made = two_vpcs()
    made["ec2-describe-instances"]["Reservations"][0]["Instances"][0]["Tags"] = [TAG]
    return made


def start_run(client: Any, *words: str) -> str:
    arns = client.list_rules_packages()["rulesPackageArns"]
    packages = client.describe_rules_packages(rulesPackageArns=arns)["rulesPackages"]
    group = client.create_resource_group(resourceGroupTags=[{"key": "Demo", "value": "this host"}])
    target = client.create_assessment_target(assessmentTargetName="network", resourceGroupArn=group["resourceGroupArn"])
    template = client.create_assessment_template(
        assessmentTargetArn=target["assessmentTargetArn"],
        assessmentTemplateName="network",
        durationInSeconds=3600,
        rulesPackageArns=[one["arn"] for one in packages if any(word in one["name"] for word in words)],
    )
    return str(client.start_assessment_run(assessmentTemplateArn=template["assessmentTemplateArn"])["assessmentRunArn"])


def accept_and_run_again(system: WholeSystem, run: Any, findings: list[Any]) -> dict[str, str]:
    """Accept that the internet reaches SSH, run again, and return the owner by port of waived findings."""
    ssh = next(one for one in findings if one["id"] == "Recognized port reachable from internet")
    own = system.processes.client(system.url, system.processes.access_key(), OWN_SERVICE)
    own.create_waiver(
        findingArn=ssh["arn"], verdict="ACCEPTED", reason="bastion", owner="network team", expiresOn="2027-03-31"
    )
    started = system.client.start_assessment_run(assessmentTemplateArn=run["assessmentTemplateArn"])
    wait_for_end(system.client, started["assessmentRunArn"])
    again = findings_of(system.client, started["assessmentRunArn"])
    values = [{one["key"]: one.get("value", "") for one in finding["attributes"]} for finding in again]
    return {of.get("PORT", ""): of["WAIVED_BY"] for of in values if "WAIVED_BY" in of}


def run_without_ingress(system: WholeSystem, run: Any, folder: Path, network: dict[str, Any]) -> list[str]:
    """Remove every ingress rule, run again, and return the titles of the findings."""
    for group in network["ec2-describe-security-groups"]["SecurityGroups"]:
        group["IpPermissions"] = []
    write_account(folder.parent, network)
    started = system.client.start_assessment_run(assessmentTemplateArn=run["assessmentTemplateArn"])
    wait_for_end(system.client, started["assessmentRunArn"])
    return [finding["title"] for finding in findings_of(system.client, started["assessmentRunArn"])]


def test_account_without_agents_has_findings(tmp_path: Path, network: dict[str, Any]) -> None:
    folder = write_account(tmp_path, network)
    system = WholeSystem(tmp_path, {"OPENINSPECTOR_CLOUD": "files", "OPENINSPECTOR_CLOUD_FOLDER": str(folder)})
    try:
        run_arn = start_run(system.client, "Network Reachability")
        run = wait_for_end(system.client, run_arn)
        findings = findings_of(system.client, run_arn)
        waived = accept_and_run_again(system, run, findings)
        without = run_without_ingress(system, run, folder, network)
    finally:
        system.processes.stop()
    assert run["state"] == "COMPLETED"
    assert waived == {"22": "network team"}
    assert without == ["No potential security issues found"]
    assert run["completedAt"] >= run["startedAt"]
    ssh = next(one for one in findings if one["id"] == "Recognized port reachable from internet")
    attributes = {one["key"]: one["value"] for one in ssh["attributes"]}
    assert attributes["INSTANCE_ID"] == "i-1" == ssh["assetAttributes"]["agentId"]
    assert (attributes["PORT"], attributes["PROTOCOL"], attributes["IGW"]) == ("22", "TCP", "igw-a")
    assert len(attributes["SNAPSHOT"]) == 64
    assert "sg-1/ingress/0" in ssh["recommendation"]
    # i-2 and i-3 are not in the target: only its instance has findings.
    assert {one["assetAttributes"]["agentId"] for one in findings} == {"i-1"}
    assert "Network exposure from the internet" in {one["id"] for one in findings}
    # Nothing of the account lies in the clear.
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(folder)]
    assert not [path for path in kept if b"10.1.1.0/24" in path.read_bytes() and path.suffix not in {".db", ".log"}]


def test_installation_without_an_account_reports_it(tmp_path: Path) -> None:
    system = WholeSystem(tmp_path)
    try:
        run_arn = start_run(system.client, "Network Reachability")
        run = wait_for_end(system.client, run_arn)
        arns = system.client.list_exclusions(assessmentRunArn=run_arn)["exclusionArns"]
        exclusions = system.client.describe_exclusions(exclusionArns=arns)["exclusions"].values()
    finally:
        system.processes.stop()
    assert run["state"] == "COMPLETED_WITH_ERRORS"
    titles = {one["title"] for one in exclusions}
    assert titles == {"No instances in target", "Network Reachability error - internet"}
    assert any("OPENINSPECTOR_CLOUD" in one["description"] for one in exclusions)
