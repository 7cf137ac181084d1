"""What many tests begin with, done through a client."""

from typing import Any

from openinspector.model.arn import RunArn
from openinspector.testing.installation import PACKAGES


def make_template(client: Any, **fields: Any) -> str:
    target = client.create_assessment_target(assessmentTargetName="all hosts")["assessmentTargetArn"]
    given = {"durationInSeconds": 180, "rulesPackageArns": [PACKAGES[0].arn], **fields}
    made = client.create_assessment_template(assessmentTargetArn=target, assessmentTemplateName="nightly", **given)
    return str(made["assessmentTemplateArn"])


def make_run(client: Any, **fields: Any) -> RunArn:
    template = make_template(client, **fields)
    return RunArn(client.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"])
