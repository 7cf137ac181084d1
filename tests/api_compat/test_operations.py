"""Every operation, called by a real client."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from botocore import xform_name
from tests.api_compat.assessments import PACKAGE, make_template, start_run
from tests.api_compat.endpoint import Endpoint

from openinspector.model.arn import RunArn
from openinspector.model.notification import InspectorEvent
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.api.dispatch import operations
from openinspector.service.api.model import api_model, own_model
from openinspector.service.app.waivers import NewWaiver
from openinspector.testing import model_builders as builders


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A target of tagged hosts, a template, and a run that has ended with one finding and one exclusion."""

    group: str
    target: str
    template: str
    run: RunArn
    finding: str
    exclusion: str
    preview: str
    schedule: str
    waiver: str
    topic: str
    webhook: str
    completed: RunArn


@pytest.fixture
def scene(endpoint: Endpoint, client: Any) -> Scene:
    group = client.create_resource_group(resourceGroupTags=[{"key": "Environment"}])["resourceGroupArn"]
    template = make_template(client)
    target = template.partition("/template/")[0]
    completed = start_run(client, template, assessmentRunName="completed")
    endpoint.built.complete_run(completed)
    endpoint.built.assembly.run_summaries().make_pending()
    agent = endpoint.built.heartbeat(1)
    run = start_run(client, template)
    endpoint.built.sent(run, agent, InspectorUser=(2, 20))
    endpoint.built.end_run(run)
    finding, exclusion = builders.finding(1, run), builders.exclusion(1, run)
    endpoint.built.produced(finding, exclusion)
    preview = client.create_exclusions_preview(assessmentTemplateArn=template)["previewToken"]
    endpoint.built.stores.previews.complete(preview, [exclusion.preview])
    topic = "arn:aws:sns:us-east-1:123456789012:scene"
    client.subscribe_to_event(resourceArn=template, event="FINDING_REPORTED", topicArn=topic)
    events = [InspectorEvent.FINDING_REPORTED]
    webhook = endpoint.built.app.webhooks.create(template, "https://receiver.example/", events).webhook
    return Scene(
        group=group,
        target=target,
        template=template,
        run=run,
        finding=finding.arn,
        exclusion=exclusion.arn,
        preview=preview,
        schedule=endpoint.built.app.schedules.create(template, "rate(7 days)").arn,
        waiver=endpoint.built.app.waivers.create(
            template, NewWaiver(issues=("CVE-2026-1",), reason="r", owner="o", expires=in_30_days())
        ).arn,
        topic=topic,
        webhook=webhook.arn,
        completed=completed,
    )


def in_30_days() -> date:
    return datetime.now(UTC).date() + timedelta(days=30)


CALLS: Mapping[str, Callable[[Scene], dict[str, Any]]] = {
    "AddAttributesToFindings": lambda s: {"findingArns": [s.finding], "attributes": [{"key": "a"}]},
    "CreateAssessmentTarget": lambda s: {"assessmentTargetName": "new", "resourceGroupArn": s.group},
    "CreateAssessmentTemplate": lambda s: {
        "assessmentTargetArn": s.target,
        "assessmentTemplateName": "new",
        "durationInSeconds": 180,
        "rulesPackageArns": [PACKAGE],
    },
    "CreateExclusionsPreview": lambda s: {"assessmentTemplateArn": s.template},
    "CreateSchedule": lambda s: {"assessmentTemplateArn": s.template, "scheduleExpression": "cron(0 3 * * *)"},
    "CreateWebhook": lambda s: {
        "assessmentTemplateArn": s.template,
        "url": "https://receiver.example/path",
        "events": ["ASSESSMENT_RUN_COMPLETED"],
    },
    "CreateResourceGroup": lambda _: {"resourceGroupTags": [{"key": "Name", "value": "example"}]},
    "DeleteAssessmentRun": lambda s: {"assessmentRunArn": s.run},
    "DeleteAssessmentTarget": lambda s: {"assessmentTargetArn": s.target},
    "DeleteAssessmentTemplate": lambda s: {"assessmentTemplateArn": s.template},
    "CreateWaiver": lambda s: {
        "assessmentTemplateArn": s.template,
        "issues": ["CVE-2026-2"],
        "reason": "r",
        "owner": "o",
        "expiresOn": in_30_days().isoformat(),
    },
    "GetBenchmarkResults": lambda s: {"assessmentRunArn": s.run},
    "ExportFindings": lambda s: {"assessmentRunArn": s.run, "format": "CSV"},
    "GetHost": lambda _: {"agentId": builders.agent_id()},
    "GetOverview": lambda _: {},
    "ListFeeds": lambda _: {},
    "ListFindingPictures": lambda s: {"findingArn": s.finding},
    "ListFindingRows": lambda s: {"assessmentRunArn": s.run},
    "ListHosts": lambda _: {},
    "ListIssueChanges": lambda s: {
        "assessmentRunArn": s.completed,
        "baseAssessmentRunArn": s.completed,
        "change": "SAME",
    },
    "ListIssues": lambda _: {},
    "Search": lambda _: {"text": "e"},
    "DeleteTailoring": lambda s: {"assessmentTemplateArn": s.template},
    "DeleteWaiver": lambda s: {"waiverArn": s.waiver},
    "GetTailoring": lambda s: {"assessmentTemplateArn": s.template},
    "ListWaivers": lambda s: {"assessmentTemplateArn": s.template},
    "PutTailoring": lambda s: {
        "assessmentTemplateArn": s.template,
        "variables": [{"name": "password_max_age_days", "value": "90"}],
        "switchedOffControls": [{"control": "debian_12/1.1.1.1", "reason": "r"}],
    },
    "DeleteSchedule": lambda s: {"scheduleArn": s.schedule},
    "DeleteWebhook": lambda s: {"webhookArn": s.webhook},
    "DescribeAssessmentRuns": lambda s: {"assessmentRunArns": [s.run]},
    "DescribeAssessmentTargets": lambda s: {"assessmentTargetArns": [s.target]},
    "DescribeAssessmentTemplates": lambda s: {"assessmentTemplateArns": [s.template]},
    "DescribeCrossAccountAccessRole": lambda _: {},
    "DescribeExclusions": lambda s: {"exclusionArns": [s.exclusion]},
    "DescribeFindings": lambda s: {"findingArns": [s.finding]},
    "DescribeResourceGroups": lambda s: {"resourceGroupArns": [s.group]},
    "DescribeRulesPackages": lambda _: {"rulesPackageArns": [PACKAGE]},
    "GetAssessmentReport": lambda s: {
        "assessmentRunArn": s.completed,
        "reportFileFormat": "HTML",
        "reportType": "FINDING",
    },
    "GetExclusionsPreview": lambda s: {"assessmentTemplateArn": s.template, "previewToken": s.preview},
    "GetRunCoverage": lambda s: {"assessmentRunArn": s.run},
    "GetTelemetryMetadata": lambda s: {"assessmentRunArn": s.run},
    "ListAssessmentRunAgents": lambda s: {"assessmentRunArn": s.run},
    "ListAssessmentRuns": lambda s: {"assessmentTemplateArns": [s.template]},
    "ListAssessmentTargets": lambda _: {},
    "ListAssessmentTemplates": lambda s: {"assessmentTargetArns": [s.target]},
    "ListEventSubscriptions": lambda s: {"resourceArn": s.template},
    "ListExclusions": lambda s: {"assessmentRunArn": s.run},
    "ListFindings": lambda s: {"assessmentRunArns": [s.run]},
    "ListPackageCoverage": lambda s: {"assessmentRunArn": s.run},
    "ListRulesPackages": lambda _: {},
    "ListSchedules": lambda s: {"assessmentTemplateArn": s.template},
    "ListTagsForResource": lambda s: {"resourceArn": s.template},
    "ListWebhooks": lambda _: {},
    "PreviewAgents": lambda s: {"previewAgentsArn": s.target},
    "RegisterCrossAccountAccessRole": lambda _: {"roleArn": "arn:aws:iam::123456789012:role/Inspector"},
    "RemoveAttributesFromFindings": lambda s: {"findingArns": [s.finding], "attributeKeys": ["a"]},
    "SetTagsForResource": lambda s: {"resourceArn": s.template, "tags": [{"key": "a", "value": "b"}]},
    "StartAssessmentRun": lambda s: {"assessmentTemplateArn": s.template, "assessmentRunName": "again"},
    "StopAssessmentRun": lambda s: {"assessmentRunArn": s.run, "stopAction": "SKIP_EVALUATION"},
    "SubscribeToEvent": lambda s: {"resourceArn": s.template, "event": "OTHER", "topicArn": s.topic},
    "UnsubscribeFromEvent": lambda s: {"resourceArn": s.template, "event": "FINDING_REPORTED", "topicArn": s.topic},
    "UpdateSchedule": lambda s: {"scheduleArn": s.schedule, "enabled": False},
    "UpdateAssessmentTarget": lambda s: {"assessmentTargetArn": s.target, "assessmentTargetName": "renamed"},
}


_OF_NOTHING = (
    "DescribeCrossAccountAccessRole",
    "GetBenchmarkResults",
    "GetHost",
    "GetOverview",
    "GetRunCoverage",
    "ListFeeds",
    "ListFindingPictures",
    "ListIssueChanges",
    "ListIssues",
    "ListPackageCoverage",
    "ListTagsForResource",
)
"""Operations whose answers are empty in the scene: no account, no feed, nothing evaluated or counted."""


@pytest.mark.parametrize("operation", sorted(operations()))
def test_an_operation_answers(scene: Scene, endpoint: Endpoint, operation: str) -> None:
    client = endpoint.client(service="openinspector" if operation in own_model().operations else "inspector")
    answer = getattr(client, xform_name(operation))(**CALLS[operation](scene))
    metadata = answer.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == 200
    assert len(metadata["RequestId"]) == 36
    holds_nothing = api_model().operations[operation].output is None or answer.keys() == {"failedItems"}
    assert answer.pop("failedItems", {}) == {}
    assert holds_nothing == (answer == {})
    assert all(answer.values()) or operation in _OF_NOTHING


def test_every_operation_is_called() -> None:
    assert CALLS.keys() == operations().keys()


def test_times_are_datetimes(scene: Scene, client: Any, endpoint: Endpoint) -> None:
    (run,) = client.describe_assessment_runs(assessmentRunArns=[scene.run])["assessmentRuns"]
    assert run["stateChangedAt"].astimezone(UTC) == endpoint.built.clock.now()
    assert isinstance(run["createdAt"], datetime)
    assert [change["state"] for change in run["stateChanges"]] == ["CREATED", AssessmentRunState.FAILED]


def test_ranges_are_asked_for_in_times(scene: Scene, client: Any, endpoint: Endpoint) -> None:
    now = endpoint.built.clock.now()
    for begin, found in ((now, [scene.run]), (now.replace(year=now.year + 1), [])):
        asked = {"completionTimeRange": {"beginDate": begin}, "states": ["FAILED"]}
        assert client.list_assessment_runs(filter=asked)["assessmentRunArns"] == found


def test_tags_are_replaced_and_cleared(scene: Scene, client: Any) -> None:
    for tags in ([{"key": "a", "value": "1"}, {"key": "b"}], [{"key": "c", "value": "2"}]):
        client.set_tags_for_resource(resourceArn=scene.template, tags=tags)
        assert client.list_tags_for_resource(resourceArn=scene.template)["tags"] == tags
    client.set_tags_for_resource(resourceArn=scene.template)
    assert client.list_tags_for_resource(resourceArn=scene.template)["tags"] == []


def test_failed_items_raise_no_error(scene: Scene, client: Any) -> None:
    absent = scene.finding.replace("0-00000001", "0-99999999")
    answer = client.describe_findings(findingArns=[scene.finding, absent, "arn"])
    assert [finding["arn"] for finding in answer["findings"]] == [scene.finding]
    assert answer["failedItems"] == {
        absent: {"failureCode": "ITEM_DOES_NOT_EXIST", "retryable": False},
        "arn": {"failureCode": "INVALID_ARN", "retryable": False},
    }
    twice = client.describe_findings(findingArns=[scene.finding] * 2)
    assert (twice["findings"], twice["failedItems"][scene.finding]["failureCode"]) == ([], "DUPLICATE_ARN")


def test_exclusions_are_a_map(scene: Scene, client: Any) -> None:
    answer = client.describe_exclusions(exclusionArns=[scene.exclusion], locale="EN_US")
    assert answer["exclusions"][scene.exclusion]["scopes"][0]["key"] == "INSTANCE_ID"


def test_unicode_round_trip(client: Any) -> None:
    name = 'Zürich 測試 🐧 "\\ \u2028 \x01'
    client.create_assessment_target(assessmentTargetName=name)
    (arn,) = client.list_assessment_targets(filter={"assessmentTargetNamePattern": "Zü*🐧*"})["assessmentTargetArns"]
    (target,) = client.describe_assessment_targets(assessmentTargetArns=[arn])["assessmentTargets"]
    assert target["name"] == name
