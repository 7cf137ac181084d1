"""User attributes of findings (F6.22 to F6.25)."""

from collections.abc import Mapping
from functools import partial

import pytest

from openinspector.model.arn import FindingArn
from openinspector.model.finding import Attribute, Finding
from openinspector.service.app.batch import FailureCode
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.threads import at_once
from openinspector.testing.installation import BuiltInstallation

FINDING = builders.finding(1, user_attributes=(Attribute(key="Team", value="blue"),))
ABSENT = builders.finding(9).arn
NONE: Mapping[str, FailureCode] = {}


@pytest.fixture
def found(built: BuiltInstallation) -> BuiltInstallation:
    built.stores.assessments.add_target(builders.target())
    built.stores.assessments.add_template(builders.template())
    built.stores.assessments.add_run(builders.run(), [])
    built.produced(FINDING)
    built.end_run(FINDING.run_arn)
    return built


def kept(built: BuiltInstallation, arn: FindingArn = FINDING.arn) -> Finding:
    return built.stores.findings.findings_by_arn([arn])[arn]


def attributes(count: int, first: int = 0) -> tuple[Attribute, ...]:
    return tuple(Attribute(key=f"k{n}", value="v") for n in range(first, first + count))


def test_a_key_added_again_replaces_its_value(found: BuiltInstallation) -> None:
    added = (Attribute(key="Status"), Attribute(key="Team", value="red"))
    assert found.app.findings.add_attributes([FINDING.arn], added) == NONE
    assert kept(found).user_attributes == (Attribute(key="Team", value="red"), Attribute(key="Status"))
    assert kept(found).updated_at == found.clock.now()
    assert kept(found).created_at == FINDING.created_at


def test_more_than_ten_are_refused_and_change_nothing(found: BuiltInstallation) -> None:
    assert found.app.findings.add_attributes([FINDING.arn], attributes(9)) == NONE
    before = kept(found)
    failed = found.app.findings.add_attributes([FINDING.arn], attributes(1, first=9))
    assert failed == {FINDING.arn: FailureCode.LIMIT_EXCEEDED}
    assert kept(found) == before
    assert found.app.findings.add_attributes([FINDING.arn], attributes(1)) == NONE


def test_one_failure_does_not_affect_the_others(found: BuiltInstallation) -> None:
    failed = found.app.findings.add_attributes(["arn", FINDING.arn, ABSENT], attributes(1))
    assert failed == {"arn": FailureCode.INVALID_ARN, ABSENT: FailureCode.ITEM_DOES_NOT_EXIST}
    assert len(kept(found).user_attributes) == 2


def test_an_arn_given_twice_fails(found: BuiltInstallation) -> None:
    failed = found.app.findings.add_attributes([FINDING.arn] * 2, attributes(1))
    assert failed == {FINDING.arn: FailureCode.DUPLICATE_ARN}
    assert kept(found) == FINDING


def test_attributes_are_removed_by_key(found: BuiltInstallation) -> None:
    found.app.findings.add_attributes([FINDING.arn], attributes(2))
    added_at = found.clock.now()
    found.clock.advance(60)
    assert found.app.findings.remove_attributes([FINDING.arn], ["Team", "k1", "absent"]) == NONE
    assert kept(found).user_attributes == attributes(1)
    assert kept(found).updated_at == added_at


def test_concurrent_calls_lose_nothing(found: BuiltInstallation) -> None:
    calls = [partial(found.app.findings.add_attributes, [FINDING.arn], attributes(1, first=n)) for n in range(12)]
    answers = at_once(calls)
    refused = [answer for answer in answers if answer != NONE]
    assert refused == [{FINDING.arn: FailureCode.LIMIT_EXCEEDED}] * 3
    keys = {attribute.key for attribute in kept(found).user_attributes}
    assert keys == {"Team"} | {f"k{n}" for n, answer in enumerate(answers) if answer == NONE}
