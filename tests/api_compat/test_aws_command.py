"""A day with the aws command line."""

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
from openinspector.model.asset import Tag
from openinspector.testing import model_builders as builders
from openinspector.testing.record_builders import topic

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


def test_from_a_resource_group_to_deletion(endpoint: Endpoint, environment: dict[str, str]) -> None:
    def answer(*arguments: str) -> Any:
        done = aws(endpoint, environment, *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}")

    agent = endpoint.built.heartbeat(1, (Tag(key="Env", value="test"),))
    group = answer("create-resource-group", "--resource-group-tags", "key=Env,value=test")["resourceGroupArn"]
    target = answer(*("create-assessment-target", "--assessment-target-name", "web", "--resource-group-arn", group))[
        "assessmentTargetArn"
    ]
    (preview,) = answer("preview-agents", "--preview-agents-arn", target)["agentPreviews"]
    assert preview["agentId"] == agent.id
    template = answer(
        *("create-assessment-template", "--assessment-target-arn", target, "--assessment-template-name", "nightly"),
        *("--duration-in-seconds", "180", "--rules-package-arns", PACKAGE),
        *("--user-attributes-for-findings", "key=Team,value=blue"),
    )["assessmentTemplateArn"]
    answer("set-tags-for-resource", "--resource-arn", template, "--tags", "key=Owner,value=me")
    assert answer("list-tags-for-resource", "--resource-arn", template)["tags"] == [{"key": "Owner", "value": "me"}]

    run = RunArn(answer("start-assessment-run", "--assessment-template-arn", template)["assessmentRunArn"])
    answer("stop-assessment-run", "--assessment-run-arn", run, "--stop-action", "SKIP_EVALUATION")
    assert [signal[2] for signal in endpoint.built.workflows.signals] == ["SKIP_EVALUATION"]
    refused = aws(endpoint, environment, "delete-assessment-run", "--assessment-run-arn", run)
    assert (refused.returncode, "AssessmentRunInProgressException" in refused.stderr) == (SERVICE_ERROR, True)
    endpoint.built.end_run(run)
    (described,) = answer("describe-assessment-runs", "--assessment-run-arns", run)["assessmentRuns"]
    assert (described["state"], described["assessmentTemplateArn"]) == ("FAILED", template)

    findings = [builders.finding(number, run) for number in range(12)]
    endpoint.built.produced(*findings)
    of_run = ("list-findings", "--assessment-run-arns", run)
    assert answer(*of_run, "--page-size", "5")["findingArns"] == [finding.arn for finding in findings]
    first = answer(*of_run, "--max-items", "5")
    rest = answer(*of_run, "--starting-token", first["NextToken"])
    assert [*first["findingArns"], *rest["findingArns"]] == [finding.arn for finding in findings]
    (finding,) = answer("describe-findings", "--finding-arns", findings[0].arn)["findings"]
    assert finding["numericSeverity"] == 6.0

    one = ("--finding-arns", findings[3].arn)
    answer("add-attributes-to-findings", *one, "--attributes", "key=seen,value=yes")
    seen = json.dumps({"userAttributes": [{"key": "seen", "value": "yes"}]})
    assert answer("list-findings", "--filter", seen)["findingArns"] == [findings[3].arn]
    answer("remove-attributes-from-findings", *one, "--attribute-keys", "seen")
    assert answer("list-findings", "--filter", seen)["findingArns"] == []

    assert answer("delete-assessment-run", "--assessment-run-arn", run) == {}
    assert answer("list-findings")["findingArns"] == []
    assert answer("delete-assessment-template", "--assessment-template-arn", template) == {}
    assert answer("delete-assessment-target", "--assessment-target-arn", target) == {}
    assert answer("list-assessment-targets")["assessmentTargetArns"] == []


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
    assert "is not subscribed to" in again.stderr


def test_a_refusal_is_reported(endpoint: Endpoint, environment: dict[str, str]) -> None:
    done = aws(endpoint, environment, "list-findings", "--assessment-run-arns", builders.run().arn)
    assert done.returncode == SERVICE_ERROR
    assert "NoSuchEntityException" in done.stderr
    assert builders.run().arn in done.stderr
