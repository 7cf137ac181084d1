"""Findings over the API."""

import pytest
from tests.service.api.operations.caller import Caller

from openinspector.engine.finding_text import finding_text
from openinspector.model.asset import AssetInterface, Tag
from openinspector.model.evidence import Evidence
from openinspector.model.finding import Attribute, Severity
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import PACKAGES

NO_RUN = builders.run(99).arn
NO_FINDING = builders.finding(99).arn
EVIDENCE = "openssl 1.0 is installed"


@pytest.fixture
def found(call: Caller) -> Caller:
    """Run 1 has findings 1 to 3, run 2 has finding 4."""
    store = call.built.stores.assessments
    store.add_target(builders.target())
    store.add_template(builders.template())
    for number in (1, 2):
        store.add_run(builders.run(number), [])
    scaled = builders.asset(2, auto_scaling_group="asg", ami_id="ami-1", tags=(Tag(key="Bare"),))
    owned = (Attribute(key="Team", value="blue"), Attribute(key="Bare"))
    call.built.produced(
        builders.finding(1, severity=Severity.HIGH, user_attributes=owned),
        builders.finding(2, asset=scaled, rules_package_arn=PACKAGES[1].arn),
        builders.finding(3, severity=Severity.LOW, attributes=(Attribute(key="a", value="1"), Attribute(key="b"))),
        builders.finding(4, builders.run(2).arn),
    )
    for number in (1, 2):
        call.built.end_run(builders.run(number).arn)
    return call


def arn_of(number: int) -> str:
    return builders.finding(number, builders.run(2 if number == 4 else 1).arn).arn


def test_a_finding_has_every_field(found: Caller) -> None:
    finding = builders.finding(1)
    text = finding_text(finding)
    (described,) = found("DescribeFindings", findingArns=[finding.arn], locale="EN_US")["findings"]
    assert described == {
        "arn": finding.arn,
        "schemaVersion": 1,
        "service": "Inspector",
        "serviceAttributes": {
            "schemaVersion": 1,
            "assessmentRunArn": finding.run_arn,
            "rulesPackageArn": finding.rules_package_arn,
        },
        "assetType": "ec2-instance",
        "assetAttributes": {
            "schemaVersion": 1,
            "agentId": builders.agent_id(1),
            "hostname": "host-1.example",
            "ipv4Addresses": ["192.0.2.1"],
            "tags": [{"key": "Environment", "value": "Test"}],
        },
        "id": "CVE-2026-0001",
        "title": text.title,
        "description": f"{text.description}\n\nWhy:\n{EVIDENCE}",
        "recommendation": text.recommendation,
        "severity": "High",
        "numericSeverity": 9.0,
        "confidence": 10,
        "indicatorOfCompromise": False,
        "attributes": [
            {"key": "INSTANCE_ID", "value": builders.agent_id(1)},
            {"key": "CVE", "value": "CVE-2026-0001"},
        ],
        "userAttributes": [{"key": "Team", "value": "blue"}, {"key": "Bare"}],
        "createdAt": finding.created_at.timestamp(),
        "updatedAt": finding.created_at.timestamp(),
    }


def test_a_host_in_ec2_is_described_by_its_image_and_group(found: Caller) -> None:
    (described,) = found("DescribeFindings", findingArns=[arn_of(2)])["findings"]
    assert described["assetAttributes"] == {
        "schemaVersion": 1,
        "agentId": builders.agent_id(2),
        "autoScalingGroup": "asg",
        "amiId": "ami-1",
        "hostname": "host-2.example",
        "ipv4Addresses": ["192.0.2.2"],
        "tags": [{"key": "Bare"}],
    }


def test_a_host_is_described_by_its_interfaces(found: Caller) -> None:
    """Only with the attributes that the host itself knows (F6.4)."""
    interfaces = (
        AssetInterface(ipv4_addresses=("10.0.0.5", "10.0.0.6"), public_ip="203.0.113.7"),
        AssetInterface(ipv6_addresses=("2001:db8::1",)),
    )
    finding = builders.finding(7, asset=builders.asset(3, interfaces=interfaces))
    found.built.produced(finding)
    (described,) = found("DescribeFindings", findingArns=[finding.arn])["findings"]
    assert described["assetAttributes"]["networkInterfaces"] == [
        {
            "privateIpAddress": "10.0.0.5",
            "privateIpAddresses": [{"privateIpAddress": "10.0.0.5"}, {"privateIpAddress": "10.0.0.6"}],
            "publicIp": "203.0.113.7",
            "ipv6Addresses": [],
        },
        {"privateIpAddresses": [], "ipv6Addresses": ["2001:db8::1"]},
    ]


@pytest.mark.parametrize(
    ("severity", "number"),
    [("High", 9.0), ("Medium", 6.0), ("Low", 3.0), ("Informational", 0.0), ("Undefined", 0.0)],
)
def test_severities_have_fixed_numbers(found: Caller, severity: str, number: float) -> None:
    finding = builders.finding(7, severity=Severity(severity))
    found.built.produced(finding)
    (described,) = found("DescribeFindings", findingArns=[finding.arn])["findings"]
    assert (described["severity"], described["numericSeverity"]) == (severity, number)


def test_a_description_stays_within_bounds(found: Caller) -> None:
    long = builders.finding(7, description="d" * 20_000, evidence=Evidence(statement="e" * 100))
    bare = builders.finding(8, evidence=None)
    found.built.produced(long, bare)
    first, second = found("DescribeFindings", findingArns=[long.arn, bare.arn])["findings"]
    assert len(first["description"]) == 20_000
    assert second["description"] == finding_text(bare).description


def test_items_of_a_batch_fail_by_themselves(found: Caller) -> None:
    described = found("DescribeFindings", findingArns=[arn_of(3), "arn", arn_of(1), NO_FINDING, arn_of(2), arn_of(2)])
    assert [finding["arn"] for finding in described["findings"]] == [arn_of(3), arn_of(1)]
    assert {arn: item["failureCode"] for arn, item in described["failedItems"].items()} == {
        "arn": "INVALID_ARN",
        NO_FINDING: "ITEM_DOES_NOT_EXIST",
        arn_of(2): "DUPLICATE_ARN",
    }


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"findingArns": []}, "INVALID_NUMBER_OF_FINDING_ARNS"),
        ({"findingArns": [NO_FINDING] * 11}, "INVALID_NUMBER_OF_FINDING_ARNS"),
        ({"findingArns": [NO_FINDING], "locale": "FR_FR"}, "INVALID_LOCALE"),
        ({"findingArns": ["x" * 301]}, "INVALID_FINDING_ARN"),
        ({}, "INVALID_NUMBER_OF_FINDING_ARNS"),
    ],
)
def test_a_description_is_refused(found: Caller, arguments: dict[str, object], code: str) -> None:
    assert found.refusal("DescribeFindings", **arguments) == ("InvalidInputException", code)


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({}, [1, 2, 3, 4]),
        ({"agentIds": [builders.agent_id(2)]}, [2]),
        ({"agentIds": [builders.agent_id(1), builders.agent_id(2)]}, [1, 2, 3, 4]),
        ({"autoScalingGroups": ["asg"]}, [2]),
        ({"ruleNames": ["CVE-2026-0001", "CVE-2026-0004"]}, [1, 4]),
        ({"ruleNames": ["CVE-2026*"]}, []),
        ({"severities": ["High", "Low"]}, [1, 3]),
        ({"severities": []}, [1, 2, 3, 4]),
        ({"rulesPackageArns": [PACKAGES[1].arn]}, [2]),
        ({"attributes": [{"key": "a", "value": "1"}]}, [3]),
        ({"attributes": [{"key": "a", "value": "2"}]}, []),
        ({"attributes": [{"key": "a", "value": "1"}, {"key": "CVE", "value": "CVE-2026-0001"}]}, []),
        ({"userAttributes": [{"key": "Team", "value": "blue"}, {"key": "Bare"}]}, [1]),
        ({"creationTimeRange": {"beginDate": builders.moment(3).timestamp()}}, [3, 4]),
        ({"creationTimeRange": {"endDate": builders.moment(2).timestamp()}}, [1, 2]),
        ({"severities": ["Medium"], "agentIds": [builders.agent_id(1)]}, [4]),
    ],
)
def test_filters_of_a_list(found: Caller, asked: dict[str, object], numbers: list[int]) -> None:
    assert found("ListFindings", filter=asked)["findingArns"] == [arn_of(number) for number in numbers]
    of_first = found("ListFindings", filter=asked, assessmentRunArns=[builders.run(1).arn])["findingArns"]
    assert of_first == [arn_of(number) for number in numbers if number != 4]


def test_findings_of_no_run_in_particular_are_all(found: Caller) -> None:
    everything = [arn_of(number) for number in (1, 2, 3, 4)]
    assert found("ListFindings", assessmentRunArns=[])["findingArns"] == everything
    assert found.pages("ListFindings", "findingArns", maxResults=3) == [everything[:3], everything[3:]]


@pytest.mark.parametrize(
    ("arguments", "exception", "code"),
    [
        ({"assessmentRunArns": [NO_RUN]}, "NoSuchEntityException", "ASSESSMENT_RUN_DOES_NOT_EXIST"),
        ({"assessmentRunArns": ["arn"]}, "InvalidInputException", "INVALID_ASSESSMENT_RUN_ARN"),
        ({"assessmentRunArns": [NO_RUN] * 51}, "InvalidInputException", "INVALID_NUMBER_OF_ASSESSMENT_RUN_ARNS"),
        ({"filter": {"severities": ["Critical"]}}, "InvalidInputException", "INVALID_SEVERITY"),
        ({"filter": {"severities": ["Low"] * 51}}, "InvalidInputException", "INVALID_NUMBER_OF_SEVERITIES"),
        ({"filter": {"agentIds": [""]}}, "InvalidInputException", "INVALID_AGENT_ID"),
        ({"filter": {"agentIds": ["i"] * 100}}, "InvalidInputException", "INVALID_NUMBER_OF_AGENT_IDS"),
        ({"filter": {"autoScalingGroups": [""]}}, "InvalidInputException", "INVALID_AUTO_SCALING_GROUP"),
        (
            {"filter": {"autoScalingGroups": ["a"] * 21}},
            "InvalidInputException",
            "INVALID_NUMBER_OF_AUTO_SCALING_GROUPS",
        ),
        ({"filter": {"ruleNames": ["r" * 1001]}}, "InvalidInputException", "INVALID_RULE_NAME"),
        ({"filter": {"ruleNames": ["r"] * 51}}, "InvalidInputException", "INVALID_NUMBER_OF_RULE_NAMES"),
        ({"filter": {"attributes": [{"key": "a"}] * 51}}, "InvalidInputException", "INVALID_NUMBER_OF_ATTRIBUTES"),
        ({"filter": {"rulesPackageArns": ["arn"]}}, "InvalidInputException", "INVALID_RULES_PACKAGE_ARN"),
        ({"filter": []}, "SerializationException", None),
    ],
)
def test_a_list_is_refused(found: Caller, arguments: dict[str, object], exception: str, code: str | None) -> None:
    assert found.refusal("ListFindings", **arguments) == (exception, code)


def test_a_range_that_ends_before_it_begins_is_refused(found: Caller) -> None:
    backwards = {"creationTimeRange": {"beginDate": 2, "endDate": 1}}
    assert found.refusal("ListFindings", filter=backwards)[0] == "InvalidInputException"


def test_user_attributes_are_added_and_removed(found: Caller) -> None:
    added = [{"key": "Team", "value": "red"}, {"key": "Status", "value": "Urgent"}]
    answer = found("AddAttributesToFindings", findingArns=[arn_of(1), NO_FINDING], attributes=added)
    missing = {NO_FINDING: {"failureCode": "ITEM_DOES_NOT_EXIST", "retryable": False}}
    assert answer == {"failedItems": missing}
    (finding,) = found("DescribeFindings", findingArns=[arn_of(1)])["findings"]
    assert finding["userAttributes"] == [{"key": "Team", "value": "red"}, {"key": "Bare"}, added[1]]
    assert finding["updatedAt"] == found.built.clock.now().timestamp()
    answer = found("RemoveAttributesFromFindings", findingArns=[arn_of(1)], attributeKeys=["Team", "Bare", "None"])
    assert answer == {"failedItems": {}}
    (finding,) = found("DescribeFindings", findingArns=[arn_of(1)])["findings"]
    assert finding["userAttributes"] == [added[1]]


def test_more_than_ten_attributes_exceed_the_limit(found: Caller) -> None:
    nine = [{"key": str(number)} for number in range(9)]
    answer = found("AddAttributesToFindings", findingArns=[arn_of(1), arn_of(2)], attributes=nine)
    assert answer == {"failedItems": {arn_of(1): {"failureCode": "LIMIT_EXCEEDED", "retryable": False}}}


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("AddAttributesToFindings", {"attributes": [{"key": str(n)} for n in range(11)]}, "NUMBER_OF_USER_ATTRIBUTES"),
        ("AddAttributesToFindings", {"attributes": [{"key": "a"}] * 2}, "USER_ATTRIBUTE_KEY"),
        ("AddAttributesToFindings", {"attributes": [{"key": "a", "value": ""}]}, "USER_ATTRIBUTE_VALUE"),
        ("AddAttributesToFindings", {"findingArns": [], "attributes": []}, "NUMBER_OF_FINDING_ARNS"),
        ("RemoveAttributesFromFindings", {"attributeKeys": ["a"] * 11}, "NUMBER_OF_USER_ATTRIBUTES"),
        ("RemoveAttributesFromFindings", {"attributeKeys": [""]}, "USER_ATTRIBUTE_KEY"),
        ("RemoveAttributesFromFindings", {"findingArns": ["f"] * 11, "attributeKeys": []}, "NUMBER_OF_FINDING_ARNS"),
    ],
)
def test_a_change_is_refused(found: Caller, operation: str, arguments: dict[str, object], code: str) -> None:
    refusal = found.refusal(operation, **{"findingArns": [arn_of(1)], **arguments})
    assert refusal == ("InvalidInputException", f"INVALID_{code}")
