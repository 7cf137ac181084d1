"""A short day with the aws command line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.api_compat.assessments import PACKAGE, make_template
from tests.api_compat.endpoint import REGION, Endpoint

from openinspector.model.arn import RunArn
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.subscription_store import topic

SERVICE_ERROR = 255
"""Exit status of aws-cli version 1 (F11.16)."""


@pytest.fixture
def environment(endpoint: Endpoint, tmp_path: Path) -> dict[str, str]:
    """Nothing of the AWS configuration of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    own = {"AWS_ACCESS_KEY_ID": endpoint.key.id, "AWS_SECRET_ACCESS_KEY": endpoint.key.secret}
    files = {name: str(tmp_path / "absent") for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")}
    return {**kept, **own, **files, "NO_PROXY": "127.0.0.1"}


def aws(endpoint: Endpoint, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    place = ("--endpoint-url", endpoint.url, "--ca-bundle", str(endpoint.listener.ca), "--region", REGION)
    command = [sys.executable, "-m", "awscli", "inspector", *arguments, *place, "--output", "json"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_from_a_target_to_findings(endpoint: Endpoint, environment: dict[str, str]) -> None:
    def answer(*arguments: str) -> Any:
        done = aws(endpoint, environment, *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")

    target = answer("create-assessment-target", "--assessment-target-name", "web")["assessmentTargetArn"]
    template = answer(
        *("create-assessment-template", "--assessment-target-arn", target, "--assessment-template-name", "nightly"),
        *("--duration-in-seconds", "180", "--rules-package-arns", PACKAGE),
        *("--user-attributes-for-findings", "key=Team,value=blue"),
    )["assessmentTemplateArn"]
    run = RunArn(answer("start-assessment-run", "--assessment-template-arn", template)["assessmentRunArn"])
    endpoint.built.end_run(run)
    findings = [builders.finding(number, run) for number in range(12)]
    endpoint.built.produced(*findings)
    listed = answer("list-findings", "--assessment-run-arns", run)["findingArns"]
    assert listed == [finding.arn for finding in findings]
    (described,) = answer("describe-findings", "--finding-arns", listed[0])["findings"]
    assert described["numericSeverity"] == 6.0
    assert answer("delete-assessment-target", "--assessment-target-arn", target) == {}


def test_a_topic_is_subscribed_and_unsubscribed(endpoint: Endpoint, environment: dict[str, str]) -> None:
    template = make_template(endpoint.client())
    named = ("--resource-arn", template, "--topic-arn", topic(), "--event", "FINDING_REPORTED")
    for operation, topics in (("subscribe-to-event", [topic()]), ("unsubscribe-from-event", [])):
        done = aws(endpoint, environment, operation, *named)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        done = aws(endpoint, environment, "list-event-subscriptions", "--resource-arn", template)
        assert [row["topicArn"] for row in json.loads(done.stdout)["subscriptions"]] == topics
    again = aws(endpoint, environment, "unsubscribe-from-event", *named)
    assert again.returncode == SERVICE_ERROR
    assert "SNS_TOPIC_DOES_NOT_EXIST" in again.stderr or "does not tell" in again.stderr


def test_a_refusal_is_told(endpoint: Endpoint, environment: dict[str, str]) -> None:
    done = aws(endpoint, environment, "list-findings", "--assessment-run-arns", builders.run().arn)
    assert done.returncode == SERVICE_ERROR
    assert "NoSuchEntityException" in done.stderr
    assert builders.run().arn in done.stderr
