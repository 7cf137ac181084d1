"""The `aws` command line against the service, as its users type it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.api_compat.endpoint import Endpoint

from openinspector.service.app.access_keys import NewAccessKey

AWS = Path(sys.executable).with_name("aws")
SERVICE_ERROR = 255

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def aws(endpoint: Endpoint, key: NewAccessKey, tmp_path: Path) -> Run:
    environment = {
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": key.id,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CA_BUNDLE": endpoint.ca_file,
        "AWS_ENDPOINT_URL_INSPECTOR": endpoint.url,
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_PAGER": "",
    }

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, str(AWS), "inspector", *arguments, "--output", "json"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)

    return run


def answer(done: "subprocess.CompletedProcess[str]") -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout else None


def test_a_short_flow(aws: Run) -> None:
    group = answer(aws("create-resource-group", "--resource-group-tags", "key=Environment,value=Test"))
    for name in ("web", "db"):
        answer(
            aws(
                "create-assessment-target",
                "--assessment-target-name",
                name,
                "--resource-group-arn",
                group["resourceGroupArn"],
            )
        )
    listed = answer(aws("list-assessment-targets", "--page-size", "1"))["assessmentTargetArns"]
    described = answer(aws("describe-assessment-targets", "--assessment-target-arns", *listed))
    assert [target["name"] for target in described["assessmentTargets"]] == ["web", "db"]
    assert answer(aws("delete-assessment-target", "--assessment-target-arn", listed[0])) is None
    refused = aws("delete-assessment-target", "--assessment-target-arn", listed[0])
    assert refused.returncode == SERVICE_ERROR
    assert "(NoSuchEntityException) when calling the DeleteAssessmentTarget operation" in refused.stderr
