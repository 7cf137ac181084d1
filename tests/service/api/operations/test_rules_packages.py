"""Rules packages over the API."""

import pytest
from tests.service.api.operations.caller import Caller

from openinspector.testing import model_builders as builders
from openinspector.testing.installation import PACKAGES


def test_all_packages_are_listed(call: Caller) -> None:
    arns = sorted(package.arn for package in PACKAGES)
    assert call("ListRulesPackages") == {"rulesPackageArns": arns}
    assert call.pages("ListRulesPackages", "rulesPackageArns", maxResults=3) == [arns[:3], arns[3:]]


def test_a_package_is_described(call: Caller) -> None:
    first = PACKAGES[0]
    described = call("DescribeRulesPackages", rulesPackageArns=[PACKAGES[1].arn, first.arn], locale="EN_US")
    assert [package["arn"] for package in described["rulesPackages"]] == [PACKAGES[1].arn, first.arn]
    assert described["rulesPackages"][1] == {
        "arn": first.arn,
        "name": "Common Vulnerabilities and Exposures",
        "version": first.version,
        "provider": first.provider,
        "description": first.description,
    }


def test_items_of_a_batch_fail_by_themselves(call: Caller) -> None:
    absent = builders.rules_package_arn()
    described = call("DescribeRulesPackages", rulesPackageArns=["arn", absent])
    assert described["rulesPackages"] == []
    assert {arn: item["failureCode"] for arn, item in described["failedItems"].items()} == {
        "arn": "INVALID_ARN",
        absent: "ITEM_DOES_NOT_EXIST",
    }


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"rulesPackageArns": []}, "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS"),
        ({"rulesPackageArns": ["arn"] * 11}, "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS"),
        ({"rulesPackageArns": ["arn"], "locale": "FR_FR"}, "INVALID_LOCALE"),
    ],
)
def test_a_description_is_refused(call: Caller, arguments: dict[str, object], code: str) -> None:
    assert call.refusal("DescribeRulesPackages", **arguments) == ("InvalidInputException", code)
