"""Calls an operation as the endpoint does, from its JSON to its JSON, without HTTP."""

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from tests.service.api.operations.modelled import check_output

from openinspector.model.arn import RunArn
from openinspector.model.errors import OpenInspectorError
from openinspector.service.api.dispatch import operations
from openinspector.service.api.errors import api_error
from openinspector.service.api.shapes import parse_input, render_output
from openinspector.testing.installation import PACKAGES, BuiltInstallation


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Calls operations of an installation by their names; every output is checked against the model."""

    built: BuiltInstallation

    def __call__(self, operation: str, **arguments: Any) -> dict[str, Any]:
        parsed = parse_input(operation, msgspec.json.encode(arguments))
        rendered = render_output(operation, operations()[operation](self.built.services, parsed))
        output: dict[str, Any] = msgspec.json.decode(rendered or b"{}")
        check_output(operation, output)
        return output

    def refusal(self, operation: str, **arguments: Any) -> tuple[str, object]:
        """Return exception and code of a call that must be refused."""
        body = self.refused(operation, **arguments)
        return str(body["__type"]), body.get("errorCode")

    def refused(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Return the body of the answer to a call that must be refused."""
        with pytest.raises(OpenInspectorError) as refused:
            self(operation, **arguments)
        body: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(api_error(refused.value).body()))
        return body

    def target(self, name: str = "web", **arguments: Any) -> str:
        """Make a target and return its ARN."""
        return str(self("CreateAssessmentTarget", assessmentTargetName=name, **arguments)["assessmentTargetArn"])

    def template(self, target: str, name: str = "nightly", **arguments: Any) -> str:
        """Make a template and return its ARN."""
        given = {"durationInSeconds": 3600, "rulesPackageArns": [PACKAGES[0].arn], **arguments}
        made = self("CreateAssessmentTemplate", assessmentTargetArn=target, assessmentTemplateName=name, **given)
        return str(made["assessmentTemplateArn"])

    def run(self, template: str, **arguments: Any) -> RunArn:
        """Start a run and return its ARN."""
        return RunArn(self("StartAssessmentRun", assessmentTemplateArn=template, **arguments)["assessmentRunArn"])

    def pages(self, operation: str, member: str, **arguments: Any) -> list[list[Any]]:
        """Return what every page of a list operation holds."""
        found: list[list[Any]] = []
        more: dict[str, Any] = {}
        while True:
            page = self(operation, **arguments, **more)
            found.append(page[member])
            if "nextToken" not in page:
                return found
            more = {"nextToken": page["nextToken"]}
