"""Host → agent → encrypted telemetry → rules → findings → boto3 and the aws command line."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.service.reports.browser import requests_of

from openinspector.model.rules_package import RulesPackageName
from openinspector.model.run_state import TERMINAL, AssessmentRunState
from openinspector.model.system_family import SystemFamily
from openinspector.service.app.rule_catalogue import discover_rules
from openinspector.service.app.sensor_catalogue import sensors_for
from openinspector.testing.whole_system import AFFECTED, CVE, WholeSystem, distribution_of_this_host

TIMEOUT_SECONDS = 90
ASSESSED = (RulesPackageName.COMMON_VULNERABILITIES, RulesPackageName.SECURITY_BEST_PRACTICES)
"""The packages of the scenarios' template."""
NEVER_IN_A_FINDING = (b"base-passwd", b"libpam-runtime", b"debianutils")
ZSTD = b"\x28\xb5\x2f\xfd"


def wait_for_end(client: Any, run_arn: str) -> Any:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        run = client.describe_assessment_runs(assessmentRunArns=[run_arn])["assessmentRuns"][0]
        if AssessmentRunState(run["state"]) in TERMINAL:
            return run
        assert time.monotonic() < deadline, f"the run stays {run['state']}"
        time.sleep(0.2)


def findings_of(client: Any, run_arn: str) -> list[Any]:
    pages = client.get_paginator("list_findings").paginate(assessmentRunArns=[run_arn])
    arns = [arn for page in pages for arn in page["findingArns"]]
    return [
        finding
        for start in range(0, len(arns), 10)
        for finding in client.describe_findings(findingArns=arns[start : start + 10])["findings"]
    ]


def test_from_the_host_to_the_findings(system: WholeSystem) -> None:
    # 1. an agent on this host, an advisory that concerns it, a run
    agent_id = system.start_agent()
    system.store_advisory(distribution_of_this_host())
    run_arn = system.start_run()

    # 2. the run ends by itself, long before its duration
    run = wait_for_end(system.client, run_arn)
    assert run["state"] in ("COMPLETED", "COMPLETED_WITH_ERRORS")
    assert run["dataCollected"]
    assert [change["state"] for change in run["stateChanges"]][:4] == [
        "CREATED",
        "START_DATA_COLLECTION_PENDING",
        "START_DATA_COLLECTION_IN_PROGRESS",
        "COLLECTING_DATA",
    ]

    # 3. its findings carry what the advisory says, where it was found and why
    findings = findings_of(system.client, run_arn)
    assert sum(run["findingCounts"].values()) == len(findings)
    known = next(finding for finding in findings if finding["id"] == CVE)
    assert known["severity"] == "High"
    assert known["assetAttributes"]["agentId"] == agent_id
    assert {"key": "Team", "value": "blue"} in known["userAttributes"]
    assert AFFECTED in known["recommendation"]
    assert f"{AFFECTED} " in known["description"]
    package = {"key": "package_name", "value": AFFECTED}
    assert package in known["attributes"]
    listed = system.client.list_findings(assessmentRunArns=[run_arn], filter={"attributes": [package]})["findingArns"]
    assert listed == [known["arn"]]

    # 4. telemetry was counted, and Total is the sum
    metadata = system.client.get_telemetry_metadata(assessmentRunArn=run_arn)["telemetryMetadata"]
    counts = {entry["messageType"]: entry["count"] for entry in metadata}
    assert counts["InspectorPackageInfo"] > 50
    assert counts.pop("Total") == sum(counts.values())

    # 5. nothing the service wrote holds a package's name in the clear
    check_nothing_in_the_clear(system.processes.data_dir)

    # 6. the aws command line sees the same
    check_aws_command(system, run_arn, len(findings))

    # 7. so do its reports
    check_reports(system, run_arn, agent_id)


def check_nothing_in_the_clear(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.is_relative_to(folder / "objects") for path in files)
    for path in files:
        content = path.read_bytes()
        assert not [name for name in NEVER_IN_A_FINDING if name in content], path
        if path.is_relative_to(folder / "objects"):
            assert ZSTD not in content, path


def check_aws_command(system: WholeSystem, run_arn: str, expected: int) -> None:
    command = [
        str(Path(sys.executable).with_name("aws")),
        "inspector",
        "list-findings",
        "--assessment-run-arns",
        run_arn,
        *("--endpoint-url", system.url, "--ca-bundle", str(system.processes.ca_file), "--region", "us-east-1"),
        *("--output", "json"),
    ]
    environment = os.environ | {"AWS_SHARED_CREDENTIALS_FILE": str(system.processes.credentials_file)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert len(json.loads(done.stdout)["findingArns"]) == expected


def check_reports(system: WholeSystem, run_arn: str, agent_id: str) -> None:
    """A full report as HTML opens without a request, and as PDF is read back; both tell what passed, too."""
    folder = system.processes.data_dir.parent
    html, pdf = (get_report(system, run_arn, folder / f"report.{layout}") for layout in ("html", "pdf"))
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    for words in (CVE, agent_id, "Rules checked", "Enable ASLR"):
        assert words in html.read_text()
        assert " ".join(words.split()) in " ".join(text.replace("\u200b", "").split())
    assert requests_of(html, folder) == []
    stored = [path for path in (system.processes.data_dir / "objects" / "reports").rglob("*") if path.is_file()]
    assert len(stored) == 2
    assert not [path for path in stored if CVE.encode() in path.read_bytes()]


def get_report(system: WholeSystem, run_arn: str, path: Path) -> Path:
    asked = ("reports", "get", run_arn, "--type", "full", "--format", path.suffix[1:], "--output", str(path))
    place = ("--endpoint-url", system.url, "--ca-bundle", str(system.processes.ca_file))
    environment = os.environ | {"AWS_SHARED_CREDENTIALS_FILE": str(system.processes.credentials_file)}
    subprocess.run([sys.executable, "-m", "openinspector.cli", *asked, *place], env=environment, check=True)
    return path


def test_a_run_survives_kill_9_of_the_service(system: WholeSystem) -> None:
    # 1. an agent enrols and is frozen, so that the run must wait for it
    system.start_agent()
    system.store_advisory(distribution_of_this_host())
    os.kill(system.agent_pid(), signal.SIGSTOP)
    run_arn = system.start_run()

    # 2. both are killed while the run waits
    os.kill(system.processes.service_pid(), signal.SIGKILL)
    os.kill(system.agent_pid(), signal.SIGKILL)
    system.processes.stop()

    # 3. a new service goes on where the run was; the agent comes back and the run ends
    system.start_service()
    run = system.client.describe_assessment_runs(assessmentRunArns=[run_arn])["assessmentRuns"][0]
    assert AssessmentRunState(run["state"]) not in TERMINAL
    system.start_agent()
    assert wait_for_end(system.client, run_arn)["state"] in ("COMPLETED", "COMPLETED_WITH_ERRORS")
    assert CVE in {finding["id"] for finding in findings_of(system.client, run_arn)}


def test_the_same_on_postgresql(system_on_postgresql: WholeSystem) -> None:
    system = system_on_postgresql
    system.start_agent()
    system.store_advisory(distribution_of_this_host())
    run_arn = system.start_run()
    assert wait_for_end(system.client, run_arn)["state"] in ("COMPLETED", "COMPLETED_WITH_ERRORS")
    assert CVE in {finding["id"] for finding in findings_of(system.client, run_arn)}
    assert not list(system.processes.data_dir.glob("*.db"))


def test_a_run_that_collects_for_its_duration_is_stopped(system_by_duration: WholeSystem) -> None:
    system = system_by_duration
    system.start_agent()
    system.store_advisory(distribution_of_this_host())

    # 1. stopped early: the collected telemetry is evaluated
    run_arn = system.start_run()
    wait_for_telemetry(system.client, run_arn)
    (described,) = system.client.describe_assessment_runs(assessmentRunArns=[run_arn])["assessmentRuns"]
    with pytest.raises(system.client.exceptions.AssessmentRunInProgressException):
        system.client.delete_assessment_template(assessmentTemplateArn=described["assessmentTemplateArn"])
    system.client.stop_assessment_run(assessmentRunArn=run_arn, stopAction="START_EVALUATION")
    run = wait_for_end(system.client, run_arn)
    assert run["state"] in ("COMPLETED", "COMPLETED_WITH_ERRORS")
    assert CVE in {finding["id"] for finding in findings_of(system.client, run_arn)}

    # 2. the same again, canceled: nothing is found, and what was collected is gone
    template = run["assessmentTemplateArn"]
    second = system.client.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"]
    wait_for_telemetry(system.client, second)
    system.client.stop_assessment_run(assessmentRunArn=second, stopAction="SKIP_EVALUATION")
    assert wait_for_end(system.client, second)["state"] == "CANCELED"
    assert not findings_of(system.client, second)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while system.client.get_telemetry_metadata(assessmentRunArn=second)["telemetryMetadata"]:
        assert time.monotonic() < deadline, "the canceled run's telemetry is still there"
        time.sleep(0.2)


def wait_for_telemetry(client: Any, run_arn: str) -> None:
    """Wait until every sensor has ended: packages may be in the last batch."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    rules = [rule for package in ASSESSED for rule in discover_rules()[package].values()]
    expected = len(sensors_for(rules, SystemFamily.LINUX))
    while statuses(client, run_arn) < expected:
        assert time.monotonic() < deadline, "not every sensor has ended"
        time.sleep(0.2)


def statuses(client: Any, run_arn: str) -> int:
    metadata = client.get_telemetry_metadata(assessmentRunArn=run_arn)["telemetryMetadata"]
    return sum(each["count"] for each in metadata if each["messageType"] == "OpenInspectorSensorStatus")
