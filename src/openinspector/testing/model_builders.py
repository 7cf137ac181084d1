"""Builders of valid model values: ``finding(3, severity=Severity.HIGH)``.

Names, ids and times of creation follow from a number: values sort like their numbers. Any field of the
value can be given instead. Hosts and advisories for rules are in `openinspector.testing.match_builders`.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from openinspector.model.agent import Agent, AgentId
from openinspector.model.arn import (
    ArnRealm,
    RulesPackageArn,
    RunArn,
    TargetArn,
    TemplateArn,
    exclusion_arn,
    finding_arn,
    run_arn,
    run_of,
    target_of,
    template_arn,
    template_of,
)
from openinspector.model.assessment import (
    AssessmentRun,
    AssessmentTarget,
    AssessmentTemplate,
    ResourceGroup,
    StateChange,
)
from openinspector.model.asset import AssetAttributes, Tag
from openinspector.model.evidence import Evidence
from openinspector.model.exclusion import Exclusion, ExclusionKind, ExclusionPreview, Scope, ScopeKey
from openinspector.model.finding import INSTANCE, Attribute, Finding, Severity, StatedIssue
from openinspector.model.run_state import AssessmentRunState

REALM: Final = ArnRealm()
START: Final = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
"""Creation time of number 0; number n is created n seconds later."""


def moment(number: int) -> datetime:
    """Return the time at which the value of a number was made."""
    return START + timedelta(seconds=number)


def resource_id(number: int) -> str:
    """Return ``0-`` and the number in 8 digits."""
    return f"0-{number:08d}"


def agent_id(number: int = 1) -> AgentId:
    """Return the id of an agent on a host outside EC2."""
    return AgentId(f"host-{number:017x}")


def rules_package_arn(number: int = 1) -> RulesPackageArn:
    """Return the ARN of a rules package."""
    return RulesPackageArn(f"arn:aws:inspector:us-east-1:316112463485:rulespackage/{resource_id(number)}")


def resource_group(number: int = 1, **fields: Any) -> ResourceGroup:
    """Return a resource group that selects ``Environment=Test``."""
    group = ResourceGroup(
        arn=REALM.resource_group(resource_id(number)),
        tags=(Tag(key="Environment", value="Test"),),
        created_at=moment(number),
    )
    return replace(group, **fields)


def target(number: int = 1, **fields: Any) -> AssessmentTarget:
    """Return a target named ``target-<number>`` of all hosts."""
    made = AssessmentTarget(
        arn=REALM.target(resource_id(number)),
        name=f"target-{number}",
        resource_group_arn=None,
        created_at=moment(number),
        updated_at=moment(number),
    )
    return replace(made, **fields)


def template(number: int = 1, parent: TargetArn | None = None, **fields: Any) -> AssessmentTemplate:
    """Return a template of ``parent``, by default target 1, for one hour and one rules package."""
    arn = template_arn(parent or target().arn, resource_id(number))
    made = AssessmentTemplate(
        arn=arn,
        name=f"template-{number}",
        target_arn=target_of(arn),
        duration_seconds=3600,
        rules_package_arns=(rules_package_arn(),),
        user_attributes=(),
        created_at=moment(number),
    )
    return replace(made, **fields)


def run(number: int = 1, parent: TemplateArn | None = None, **fields: Any) -> AssessmentRun:
    """Return a run of ``parent``, by default template 1, that has just been created."""
    arn = run_arn(parent or template().arn, resource_id(number))
    made = AssessmentRun(
        arn=arn,
        name=f"run-{number}",
        template_arn=template_of(arn),
        duration_seconds=3600,
        rules_package_arns=(rules_package_arn(),),
        user_attributes=(),
        created_at=moment(number),
        state_changes=(StateChange(at=moment(number), state=AssessmentRunState.CREATED),),
        finding_counts={},
    )
    return replace(made, **fields)


def asset(number: int = 1, **fields: Any) -> AssetAttributes:
    """Return the description of the host of agent ``number``."""
    made = AssetAttributes(
        agent_id=agent_id(number),
        hostname=f"host-{number}.example",
        ipv4_addresses=(f"192.0.2.{number % 256}",),
        tags=(Tag(key="Environment", value="Test"),),
    )
    return replace(made, **fields)


def finding(number: int = 1, parent: RunArn | None = None, **fields: Any) -> Finding:
    """Return a finding of ``parent``, by default run 1, on host 1: ``CVE-2026-<number>``, Medium.

    ``fields`` are those of `Finding`, or of the `StatedIssue` that is its body; ``attributes`` are those of both.
    """
    arn = finding_arn(parent or run().arn, resource_id(number))
    host = fields.get("asset", asset())
    given = fields.get("attributes", (Attribute(key="INSTANCE_ID", value=host.agent_id),))
    of_host = tuple(one for one in given if one.key == "INSTANCE_ID")
    if "attributes" in fields:
        fields["attributes"] = tuple(one for one in given if one not in of_host)
    of_body = {name: fields.pop(name) for name in StatedIssue.__struct_fields__ if name in fields}
    made = Finding(
        arn=arn,
        run_arn=run_of(arn),
        rules_package_arn=rules_package_arn(),
        body=stated_issue(number, **of_body),
        asset=host,
        attributes=of_host,
        created_at=moment(number),
        updated_at=moment(number),
    )
    return msgspec.structs.replace(made, **fields)


def stated_issue(number: int = 1, **fields: Any) -> StatedIssue:
    """Return a body: ``CVE-2026-<number>``, Medium."""
    rule = f"CVE-2026-{number:04d}"
    made = StatedIssue(
        rule_id=rule,
        severity=Severity.MEDIUM,
        title=f"Instance {INSTANCE} is vulnerable to {rule}",
        description="A flaw in a library lets remote attackers crash it.",
        recommendation="Upgrade the package.",
        attributes=(Attribute(key="CVE", value=rule),),
        evidence=Evidence(statement="openssl 1.0 is installed"),
    )
    return msgspec.structs.replace(made, **fields)


def exclusion(number: int = 1, parent: RunArn | None = None, **fields: Any) -> Exclusion:
    """Return an exclusion of ``parent``, by default run 1: no agent was found on host ``number``."""
    arn = exclusion_arn(parent or run().arn, resource_id(number))
    preview = ExclusionPreview(
        kind=ExclusionKind.AGENT_NOT_FOUND,
        description="No agent is installed.",
        recommendation="Install the agent.",
        scopes=(Scope(key=ScopeKey.INSTANCE_ID, value=agent_id(number)),),
    )
    return replace(Exclusion(arn=arn, run_arn=run_of(arn), preview=preview), **fields)


def agent(number: int = 1, **fields: Any) -> Agent:
    """Return an agent that has just enrolled and has sent nothing since, with a dummy key."""
    made = Agent(
        id=agent_id(number),
        public_key=number.to_bytes(32, "big"),
        tags=(),
        enrolled_at=moment(number),
    )
    return replace(made, **fields)
