"""Denials name the user, the action and the nearest noun the API has a code for."""

from datetime import UTC, datetime

import pytest

from openinspector.model.arn import ArnRealm
from openinspector.service.api.authorization import BY_NOUN, denial, denial_code, denied_items, fails_by_item
from openinspector.service.api.model import api_model, load_model
from openinspector.service.app.access_keys import FULL_ACCESS, READ_ONLY
from openinspector.service.ports.access_key_store import AccessKey

GOVERNMENT = ArnRealm(partition="aws-us-gov", region="us-gov-west-1", account="000000000001")
READS = ("Describe", "Get", "List", "Preview")


def key(*actions: str) -> AccessKey:
    return AccessKey(
        id="AKIA",
        user="alice",
        wrapped_secret=b"",
        actions=actions,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize("operation", sorted(load_model().operations))
def test_read_only_key_allows_reads_only(operation: str) -> None:
    assert denial(key(*FULL_ACCESS), operation, GOVERNMENT) is None
    assert (denial(key(*READ_ONLY), operation, GOVERNMENT) is None) is operation.startswith(READS)


def test_a_denial_names_user_and_action() -> None:
    denied = denial(key(), "StartAssessmentRun", GOVERNMENT)
    assert denied is not None
    assert denied.status == 400
    assert denied.body() == {
        "__type": "AccessDeniedException",
        "message": (
            "User: arn:aws-us-gov:iam::000000000001:user/alice is not authorized to perform: "
            "inspector:StartAssessmentRun"
        ),
        "errorCode": "ACCESS_DENIED_TO_ASSESSMENT_RUN",
        "canRetry": False,
    }


def test_codes_are_the_model_s_and_each_is_used() -> None:
    allowed = set(load_model().shapes["AccessDeniedErrorCode"].enum)
    assert {code for _, code in BY_NOUN} == allowed
    assert {denial_code(operation) for operation in load_model().operations} == allowed


def test_batch_items_are_denied_where_the_model_declares_no_error() -> None:
    by_item = {name for name in api_model().operations if fails_by_item(name)}
    undeclared = {name for name, one in load_model().operations.items() if "AccessDeniedException" not in one.errors}
    assert by_item == undeclared - {"DescribeCrossAccountAccessRole"}
    assert len(by_item) == 7


def test_denied_batch_fails_every_item() -> None:
    asked = {"exclusionArns": ["a", "b", "b"], "locale": "EN_US"}
    failed = {arn: {"failureCode": "ACCESS_DENIED", "retryable": False} for arn in ("a", "b")}
    assert denied_items("DescribeExclusions", asked) == {"exclusions": {}, "failedItems": failed}
    assert denied_items("DescribeRulesPackages", {"rulesPackageArns": ["a"]})["rulesPackages"] == []


@pytest.mark.parametrize(
    ("operation", "noun"),
    [
        ("DescribeCrossAccountAccessRole", "IAM_ROLE"),
        ("SubscribeToEvent", "SNS_TOPIC"),
        ("ListEventSubscriptions", "SNS_TOPIC"),
        ("AddAttributesToFindings", "FINDING"),
        ("ListRulesPackages", "RULES_PACKAGE"),
        ("PreviewAgents", "ASSESSMENT_TARGET"),
        ("UpdateAssessmentTarget", "ASSESSMENT_TARGET"),
        ("CreateExclusionsPreview", "ASSESSMENT_TEMPLATE"),
        ("SetTagsForResource", "ASSESSMENT_TEMPLATE"),
        ("ListExclusions", "ASSESSMENT_RUN"),
        ("GetTelemetryMetadata", "ASSESSMENT_RUN"),
    ],
)
def test_resource_of_an_operation(operation: str, noun: str) -> None:
    assert denial_code(operation) == f"ACCESS_DENIED_TO_{noun}"
