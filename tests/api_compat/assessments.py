"""Resources for tests, created through the client wherever the API can create them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from openinspector.model.arn import RunArn
from openinspector.testing.installation import PACKAGES

PACKAGE = PACKAGES[0].arn


def make_template(client: Any, name: str = "nightly", **arguments: Any) -> str:
    """Make a target named like the template, and the template; return the template's ARN."""
    target = client.create_assessment_target(assessmentTargetName=name)["assessmentTargetArn"]
    given = {"durationInSeconds": 3600, "rulesPackageArns": [PACKAGE], **arguments}
    made = client.create_assessment_template(assessmentTargetArn=target, assessmentTemplateName=name, **given)
    return str(made["assessmentTemplateArn"])


def start_run(client: Any, template: str, **arguments: Any) -> RunArn:
    """Start a run and return its ARN."""
    return RunArn(client.start_assessment_run(assessmentTemplateArn=template, **arguments)["assessmentRunArn"])


def refused(client: Any, operation: str, **arguments: Any) -> dict[str, Any]:
    """Return the response of a call that must be refused."""
    with pytest.raises(ClientError) as error:
        getattr(client, operation)(**arguments)
    response: dict[str, Any] = error.value.response
    assert response["ResponseMetadata"]["RequestId"]
    return response


def refusal(client: Any, operation: str, **arguments: Any) -> tuple[int, str, object]:
    """Return HTTP status, exception and code of a call that must be refused."""
    response = refused(client, operation, **arguments)
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return status, response["Error"]["Code"], response.get("errorCode")
