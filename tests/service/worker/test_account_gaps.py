"""A part of an account whose instances could not be read is an exclusion with account and region."""

import pytest

from openinspector.model.exclusion import ExclusionKind
from openinspector.network.snapshot import ReadGap
from openinspector.service.worker.account_gaps import unread_accounts
from openinspector.testing.installation import PACKAGES

_ARN = PACKAGES[0].arn


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (ReadGap(account="111122223333", reason="AccessDenied"), ("111122223333", "AccessDenied")),
        (ReadGap(account="111122223333", region="eu-west-1", reason="denied"), ("111122223333", "eu-west-1", "denied")),
        (
            ReadGap(account="1", region="eu-west-2", operation="ec2-describe-instances", reason="denied"),
            ("eu-west-2", "denied"),
        ),
    ],
)
def test_instances_that_could_not_be_read_are_an_exclusion(gap: ReadGap, words: tuple[str, ...]) -> None:
    (exclusion,) = unread_accounts([gap], [_ARN])
    assert exclusion.kind is ExclusionKind.REACHABILITY_INTERNET
    assert [word for word in words if word not in exclusion.description] == []
    assert [scope.value for scope in exclusion.scopes] == [_ARN]
    assert "openinspector account policy" in exclusion.recommendation


def test_another_call_that_failed_concerns_its_instances_alone() -> None:
    gap = ReadGap(account="1", region="eu-west-1", operation="ec2-describe-vpcs", reason="denied")
    assert unread_accounts([gap], [_ARN]) == []
    assert unread_accounts([], [_ARN]) == []
