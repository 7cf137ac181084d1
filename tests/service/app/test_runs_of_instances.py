"""Targets select EC2 instances by their tags, with or without an agent, and runs take them in."""

from pathlib import Path
from typing import Any

import pytest

from openinspector.engine.subject import Need
from openinspector.model.agent import AgentHealth, AgentHealthCode, AgentId, HostDescription
from openinspector.model.arn import RunArn
from openinspector.model.asset import Tag
from openinspector.model.exclusion import ExclusionKind, ExclusionPreview
from openinspector.model.run_state import AssessmentRunState
from openinspector.network.snapshot import ReadGap
from openinspector.service.app.agents import RunAgentFilter
from openinspector.service.app.errors import InvalidRole, LimitExceeded
from openinspector.service.app.run_needs import RunNeeds
from openinspector.service.app.templates import NewTemplate
from openinspector.service.ports.agent_store import Contact
from openinspector.service.ports.cloud import CloudError, RoleProblem
from openinspector.service.ports.page import PageRequest
from openinspector.testing.installation import PACKAGES, BuiltInstallation, open_installation
from openinspector.testing.memory_cloud import MemoryCloud, instances_document

WEB = Tag(key="Role", value="web")
PLAIN, WITH_AGENT, GONE, OTHER = (AgentId(f"i-0123456789abcdef{number}") for number in range(4))
HOSTS, NETWORKS = PACKAGES[0].arn, PACKAGES[1].arn
WHOLE = PageRequest(limit=100)


def instance(id_: str, state: str = "running", role: str = "web") -> dict[str, object]:
    tags = [{"Key": "Role", "Value": role}, {"Key": "aws:autoscaling:groupName", "Value": f"{role}-group"}]
    return {"InstanceId": id_, "State": {"Name": state}, "PrivateDnsName": f"{id_}.internal", "Tags": tags}


@pytest.fixture
def cloud() -> MemoryCloud:
    described = [instance(PLAIN), instance(WITH_AGENT), instance(GONE, "terminated"), instance(OTHER, role="db")]
    return MemoryCloud(documents=[instances_document(*described)])


@pytest.fixture
def built(tmp_path: Path, cloud: MemoryCloud) -> BuiltInstallation:
    needs = RunNeeds(by_package={HOSTS: frozenset({Need.TELEMETRY}), NETWORKS: frozenset({Need.SNAPSHOT})})
    found = open_installation(tmp_path, cloud=cloud, needs=needs, instances=3)
    agent = found.enrolled(1, id=WITH_AGENT)
    found.stores.agents.record_contacts(
        [
            Contact(
                agent_id=agent.id,
                at=found.clock.now(),
                host=HostDescription(hostname="with-agent", distribution="debian:12"),
                health_code=AgentHealthCode.IDLE,
                health_details="",
                heartbeat_interval=agent.heartbeat_interval,
            )
        ]
    )
    return found


def started(built: BuiltInstallation, *packages: Any, name: str = "web") -> RunArn:
    group = built.app.targets.create_resource_group((WEB,))
    target = built.app.targets.create(name, group)
    wanted = NewTemplate(
        target_arn=target, name=name, duration_seconds=3600, rules_package_arns=packages, user_attributes=()
    )
    template = built.app.templates.create(wanted)
    return built.app.runs.start(template, None)


def excluded(built: BuiltInstallation, arn: RunArn) -> list[ExclusionPreview]:
    run = built.stores.assessments.runs_by_arn([arn])[arn]
    return list(built.assembly.run_exclusions().before(run))


def test_a_preview_lists_instances_with_and_without_an_agent(built: BuiltInstallation) -> None:
    group = built.app.targets.create_resource_group((WEB,))
    target = built.app.targets.create("web", group)
    rows = built.app.agents.preview(target, WHOLE).rows
    assert [one.id for one in rows] == [PLAIN, WITH_AGENT], "the terminated one and the database are not selected"
    now = built.clock.now()
    assert [one.health(now) for one in rows] == [AgentHealth.UNKNOWN, AgentHealth.HEALTHY]
    assert {one.auto_scaling_group for one in rows} == {"web-group"}


def test_a_run_of_agents_excludes_instances_without_one(built: BuiltInstallation) -> None:
    arn = started(built, HOSTS)
    assert built.stores.assessments.run_agents(arn) == (WITH_AGENT,), "selected by the tags of EC2"
    assert built.stores.assessments.run_instances(arn) == ()
    (exclusion,) = excluded(built, arn)
    assert exclusion.kind is ExclusionKind.AGENT_NOT_FOUND
    assert [scope.value for scope in exclusion.scopes] == [PLAIN]


def test_a_run_of_the_network_needs_no_agent(built: BuiltInstallation) -> None:
    arn = started(built, NETWORKS)
    assert built.stores.assessments.run_agents(arn) == ()
    assert built.stores.assessments.run_instances(arn) == (PLAIN, WITH_AGENT)
    assert excluded(built, arn) == []
    assert built.stores.assessments.busy_agents([PLAIN, WITH_AGENT]) == ()
    listed = built.app.agents.of_run(arn, RunAgentFilter(), WHOLE).rows
    assert [(one.member.id, one.member.auto_scaling_group) for one in listed] == [
        (PLAIN, "web-group"),
        (WITH_AGENT, "web-group"),
    ]
    unknown = built.app.agents.of_run(arn, RunAgentFilter(healths=[AgentHealth.UNKNOWN]), WHOLE).rows
    assert [one.member.id for one in unknown] == [PLAIN]


def test_a_run_of_both_judges_every_instance(built: BuiltInstallation) -> None:
    arn = started(built, HOSTS, NETWORKS)
    assert built.stores.assessments.run_agents(arn) == (WITH_AGENT,)
    assert built.stores.assessments.run_instances(arn) == (PLAIN,)


def test_instances_without_an_agent_count_for_the_quota(built: BuiltInstallation) -> None:
    started(built, NETWORKS)
    with pytest.raises(LimitExceeded) as refused:
        started(built, NETWORKS, name="again")
    assert refused.value.code == "ASSESSMENT_RUN_LIMIT_EXCEEDED"


def test_a_role_that_cannot_be_used_stops_the_start(built: BuiltInstallation, cloud: MemoryCloud) -> None:
    built.clock.advance(60)
    cloud.error = CloudError("denied", problem=RoleProblem.NO_POLICY)
    with pytest.raises(InvalidRole) as refused:
        built.app.targets.create("web", None)
    assert refused.value.code == "ROLE_DOES_NOT_HAVE_CORRECT_POLICY"


def test_an_account_that_cannot_be_listed_is_an_exclusion(built: BuiltInstallation, cloud: MemoryCloud) -> None:
    cloud.gaps = (ReadGap(account="111122223333", reason="the role cannot be assumed"),)
    arn = started(built, HOSTS)
    (missing,) = [one for one in excluded(built, arn) if one.kind is ExclusionKind.EVALUATION_ERROR]
    assert "111122223333" in missing.description
    assert "cannot be assumed" in missing.description
    assert built.stores.assessments.run_agents(arn) == (WITH_AGENT,), "the rest works"


def test_a_preview_of_exclusions_knows_instances(built: BuiltInstallation) -> None:
    store = built.stores.assessments
    predict = built.assembly.preview_maker().predict
    for packages, missing in (((HOSTS,), [PLAIN]), ((NETWORKS,), [])):
        run = store.runs_by_arn([arn := started(built, *packages, name=str(packages))])[arn]
        template = store.templates_by_arn([run.template_arn])[run.template_arn]
        store.advance_run(arn, AssessmentRunState.CANCELED, built.clock.now())
        found = [one for one in predict(template) if one.kind is ExclusionKind.AGENT_NOT_FOUND]
        assert [scope.value for one in found for scope in one.scopes] == missing
