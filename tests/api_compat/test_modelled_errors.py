"""Every error that the model declares for an operation, provoked by a real client, or a reason why it cannot come."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
from botocore import xform_name
from starlette.applications import Starlette
from tests.api_compat.assessments import refused, start_run
from tests.api_compat.endpoint import Endpoint
from tests.api_compat.test_operations import CALLS, Scene, scene  # noqa: F401 - a fixture

from openinspector.service.api.authorization import fails_by_item
from openinspector.service.api.dispatch import routes
from openinspector.service.api.model import load_model
from openinspector.service.app.instance_directory import InstanceDirectory
from openinspector.service.app.quotas import Quotas
from openinspector.service.ports.cloud import CloudError, RoleProblem, RoleTrial
from openinspector.service.stores.assessment_sql import SqlAssessmentStore
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.findings.store import SqlFindingStore
from openinspector.service.stores.preview_sql import SqlPreviewStore
from openinspector.service.stores.record_sql import SUBSCRIPTIONS, SqlRecordStore
from openinspector.service.stores.role_sql import SqlRoleStore
from openinspector.testing import model_builders as builders
from openinspector.testing.counts import count_runs, count_targets, count_templates
from openinspector.testing.memory_cloud import MemoryCloud

NO_NEED: Final = "a finding that does not exist is a failed item of the answer (F11.17)"
CANNOT: Final[Mapping[tuple[str, str], str]] = {
    ("AddAttributesToFindings", "NoSuchEntityException"): NO_NEED,
    ("RemoveAttributesFromFindings", "NoSuchEntityException"): NO_NEED,
}

ABSENT_GROUP: Final = builders.resource_group(99).arn
ABSENT_TARGET: Final = builders.target(99).arn
ABSENT_TEMPLATE: Final = builders.template(99).arn
ABSENT_RUN: Final = builders.run(99).arn
ELEVEN: Final = ["arn"] * 11

INVALID: Final[Mapping[str, dict[str, Any]]] = {
    "AddAttributesToFindings": {"attributes": [{"key": "a"}, {"key": "a"}]},
    "CreateAssessmentTarget": {"assessmentTargetName": "n" * 141},
    "CreateAssessmentTemplate": {"durationInSeconds": 86_401},
    "CreateExclusionsPreview": {"assessmentTemplateArn": "arn"},
    "CreateResourceGroup": {"resourceGroupTags": [{"key": str(number)} for number in range(11)]},
    "DeleteAssessmentRun": {"assessmentRunArn": "arn"},
    "DeleteAssessmentTarget": {"assessmentTargetArn": "arn"},
    "DeleteAssessmentTemplate": {"assessmentTemplateArn": "arn"},
    "DescribeAssessmentRuns": {"assessmentRunArns": ELEVEN},
    "DescribeAssessmentTargets": {"assessmentTargetArns": ELEVEN},
    "DescribeAssessmentTemplates": {"assessmentTemplateArns": ELEVEN},
    "DescribeExclusions": {"locale": "FR_FR"},
    "DescribeFindings": {"findingArns": ELEVEN},
    "DescribeResourceGroups": {"resourceGroupArns": ELEVEN},
    "DescribeRulesPackages": {"locale": "FR_FR"},
    "GetAssessmentReport": {"reportFileFormat": "DOCX"},
    "GetExclusionsPreview": {"locale": "FR_FR"},
    "GetTelemetryMetadata": {"assessmentRunArn": "arn"},
    "ListAssessmentRunAgents": {"maxResults": 0},
    "ListAssessmentRuns": {"filter": {"states": ["DONE"]}},
    "ListAssessmentTargets": {"nextToken": "made up"},
    "ListAssessmentTemplates": {"filter": {"durationRange": {"minSeconds": 300, "maxSeconds": 200}}},
    "ListEventSubscriptions": {"maxResults": 0},
    "ListExclusions": {"assessmentRunArn": "arn"},
    "ListFindings": {"filter": {"severities": ["Critical"]}},
    "ListRulesPackages": {"maxResults": 0},
    "ListTagsForResource": {"resourceArn": "arn"},
    "PreviewAgents": {"previewAgentsArn": "arn"},
    "RegisterCrossAccountAccessRole": {"roleArn": "r" * 301},
    "RemoveAttributesFromFindings": {"attributeKeys": ["k" * 129]},
    "SetTagsForResource": {"tags": [{"key": "a"}, {"key": "a"}]},
    "StartAssessmentRun": {"assessmentRunName": "n" * 141},
    "StopAssessmentRun": {"stopAction": "PAUSE"},
    "SubscribeToEvent": {"topicArn": "arn"},
    "UnsubscribeFromEvent": {"topicArn": "arn"},
    "UpdateAssessmentTarget": {"assessmentTargetName": "n" * 141},
}
ABSENT: Final[Mapping[str, dict[str, Any]]] = {
    "CreateAssessmentTarget": {"resourceGroupArn": ABSENT_GROUP},
    "CreateAssessmentTemplate": {"assessmentTargetArn": ABSENT_TARGET},
    "CreateExclusionsPreview": {"assessmentTemplateArn": ABSENT_TEMPLATE},
    "DeleteAssessmentRun": {"assessmentRunArn": ABSENT_RUN},
    "DeleteAssessmentTarget": {"assessmentTargetArn": ABSENT_TARGET},
    "DeleteAssessmentTemplate": {"assessmentTemplateArn": ABSENT_TEMPLATE},
    "GetAssessmentReport": {"assessmentRunArn": ABSENT_RUN},
    "GetExclusionsPreview": {"assessmentTemplateArn": ABSENT_TEMPLATE},
    "GetTelemetryMetadata": {"assessmentRunArn": ABSENT_RUN},
    "ListAssessmentRunAgents": {"assessmentRunArn": ABSENT_RUN},
    "ListAssessmentRuns": {"assessmentTemplateArns": [ABSENT_TEMPLATE]},
    "ListAssessmentTemplates": {"assessmentTargetArns": [ABSENT_TARGET]},
    "ListEventSubscriptions": {"resourceArn": ABSENT_TEMPLATE},
    "ListExclusions": {"assessmentRunArn": ABSENT_RUN},
    "ListFindings": {"assessmentRunArns": [ABSENT_RUN]},
    "ListTagsForResource": {"resourceArn": ABSENT_TEMPLATE},
    "PreviewAgents": {"previewAgentsArn": ABSENT_TARGET},
    "SetTagsForResource": {"resourceArn": ABSENT_TEMPLATE},
    "StartAssessmentRun": {"assessmentTemplateArn": ABSENT_TEMPLATE},
    "StopAssessmentRun": {"assessmentRunArn": ABSENT_RUN},
    "SubscribeToEvent": {"resourceArn": ABSENT_TEMPLATE},
    "UnsubscribeFromEvent": {"resourceArn": ABSENT_TEMPLATE},
    "UpdateAssessmentTarget": {"assessmentTargetArn": ABSENT_TARGET},
}


class Faulty:
    """A part with a bug: whatever is asked of it ends in an exception nobody foresaw."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"a bug in {name}")

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("a bug in iteration")


@dataclass(kw_only=True)
class Call:
    """A call that would succeed, until something is changed about it or around it."""

    endpoint: Endpoint
    scene: Scene
    operation: str
    arguments: dict[str, Any]
    client: Any

    def put_behind(self, **parts: Any) -> None:
        """Serve the same installation with other parts; keys and audit log stay."""
        services = self.endpoint.built.services
        built = self.endpoint.built
        stores = {name: part for name, part in parts.items() if hasattr(built.stores, name)}
        around = {name: part for name, part in parts.items() if name not in stores}
        assembly = replace(built.with_stores(**stores), around=replace(built.around, **around))
        changed = replace(services, app=assembly.use_cases())
        self.endpoint.listener.application = Starlette(routes=routes(changed))


def call_of(endpoint: Endpoint, scene: Scene, operation: str) -> Call:  # noqa: F811
    arguments = CALLS[operation](scene)
    return Call(endpoint=endpoint, scene=scene, operation=operation, arguments=arguments, client=endpoint.client())


def spoil(call: Call) -> None:
    call.arguments |= INVALID[call.operation]


def name_nothing(call: Call) -> None:
    call.arguments |= ABSENT[call.operation]


def forbid(call: Call) -> None:
    call.client = call.endpoint.client(call.endpoint.another_key("inspector:Nothing"))


def use_up_quotas(call: Call) -> None:
    call.put_behind(quotas=Quotas(resource_groups=0, targets=0, templates=0, runs=0, subscriptions=0))


def put_a_bug_in(call: Call) -> None:
    parts = ("assessments", "agents", "findings", "telemetry", "previews", "roles", "rules_packages", "subscriptions")
    call.put_behind(**{name: Faulty() for name in parts})


def lose_tables(call: Call) -> None:
    """Stores on a database that is there, without a table in it."""
    engine = open_engine("sqlite:///" + str(call.endpoint.listener.ca.with_name(f"{uuid.uuid4()}.db")))
    call.put_behind(
        assessments=SqlAssessmentStore(engine),
        findings=SqlFindingStore(engine),
        previews=SqlPreviewStore(engine),
        roles=SqlRoleStore(engine),
        subscriptions=SqlRecordStore(engine, SUBSCRIPTIONS),
    )


def have_a_run(call: Call) -> None:
    running = start_run(call.client, call.scene.template)
    if "assessmentRunArn" in call.arguments:
        call.arguments |= {"assessmentRunArn": running}


def have_a_preview(call: Call) -> None:
    call.client.create_exclusions_preview(**call.arguments)


def lose_the_role(call: Call) -> None:
    """The role can no longer be assumed, and another one could not either."""
    cloud = MemoryCloud(
        error=CloudError("the role cannot be assumed", problem=RoleProblem.NO_TRUST),
        trial=RoleTrial(problem=RoleProblem.NO_TRUST, detail="AccessDenied"),
    )
    call.put_behind(cloud=cloud, instances=InstanceDirectory(cloud, call.endpoint.built.clock))
    if call.operation == "RegisterCrossAccountAccessRole":
        cloud.error = None


def name_a_run_that_failed(call: Call) -> None:
    call.arguments |= {"assessmentRunArn": call.scene.run}


PROVOKED_BY: Final[Mapping[str, Callable[[Call], None]]] = {
    "AccessDeniedException": forbid,
    "AgentsAlreadyRunningAssessmentException": have_a_run,
    "AssessmentRunInProgressException": have_a_run,
    "InternalException": put_a_bug_in,
    "InvalidCrossAccountRoleException": lose_the_role,
    "InvalidInputException": spoil,
    "LimitExceededException": use_up_quotas,
    "NoSuchEntityException": name_nothing,
    "PreviewGenerationInProgressException": have_a_preview,
    "ServiceTemporarilyUnavailableException": lose_tables,
    "UnsupportedFeatureException": name_a_run_that_failed,
}
STATUS: Final = {"InternalException": 500, "ServiceTemporarilyUnavailableException": 503}
DECLARED: Final = [
    (operation, exception)
    for operation, described in sorted(load_model().operations.items())
    for exception in described.errors
]


@pytest.mark.parametrize(("operation", "exception"), [pair for pair in DECLARED if pair not in CANNOT])
def test_an_error_the_model_declares(endpoint: Endpoint, scene: Scene, operation: str, exception: str) -> None:  # noqa: F811
    call = call_of(endpoint, scene, operation)
    PROVOKED_BY[exception](call)
    answer = refused(call.client, xform_name(operation), **call.arguments)
    assert answer["Error"]["Code"] == exception
    assert answer["message"]
    shape = load_model().shapes[exception]
    assert answer.keys() - {"Error", "ResponseMetadata"} == shape.members.keys()
    if "errorCode" in shape.members:
        assert answer["errorCode"] in load_model().shapes[shape.members["errorCode"]].enum
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == STATUS.get(exception, 400)


@pytest.mark.parametrize("operation", [name for name in sorted(load_model().operations) if fails_by_item(name)])
def test_denied_batch_fails_every_item(endpoint: Endpoint, scene: Scene, operation: str) -> None:  # noqa: F811
    """The model declares no AccessDeniedException for these (F11.37): botocore would not know it."""
    call = call_of(endpoint, scene, operation)
    forbid(call)
    answer = getattr(call.client, xform_name(operation))(**call.arguments)
    asked = next(value for value in call.arguments.values() if isinstance(value, list))
    assert answer.pop("failedItems") == {arn: {"failureCode": "ACCESS_DENIED", "retryable": False} for arn in asked}
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    ((_, found),) = answer.items()
    assert asked
    assert not found


def test_a_role_has_no_items_to_fail(endpoint: Endpoint) -> None:
    """Denied access is an error, although the model does not declare it."""
    client = endpoint.client(endpoint.another_key("inspector:Nothing"))
    answer = refused(client, "describe_cross_account_access_role")
    assert (answer["Error"]["Code"], answer["errorCode"]) == ("AccessDeniedException", "ACCESS_DENIED_TO_IAM_ROLE")


def test_unreachable_errors_are_declared_by_the_model() -> None:
    assert CANNOT.keys() <= set(DECLARED)


def test_a_refused_call_changes_nothing(endpoint: Endpoint, scene: Scene) -> None:  # noqa: F811
    client = endpoint.client()

    def everything() -> list[object]:
        store, findings = endpoint.built.stores.assessments, endpoint.built.stores.findings
        return [
            store.targets_by_arn([builders.target().arn]),
            client.describe_assessment_templates(assessmentTemplateArns=[scene.template])["assessmentTemplates"],
            client.describe_assessment_runs(assessmentRunArns=[scene.run])["assessmentRuns"],
            client.describe_findings(findingArns=[scene.finding])["findings"],
            client.list_tags_for_resource(resourceArn=scene.template)["tags"],
            (count_targets(store), count_templates(store), count_runs(store)),
            findings.counts(scene.run),
        ]

    before = everything()
    for operation, changed in (*INVALID.items(), *ABSENT.items()):
        refused(client, xform_name(operation), **{**CALLS[operation](scene), **changed})
    assert everything() == before
