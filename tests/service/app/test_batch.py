"""Look-up of a batch of ARNs, and the failure code of each ARN that was not found."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.arn import TargetArn, parse_target_arn
from openinspector.service.app.batch import FailureCode, look_up
from openinspector.testing import model_builders as builders

KNOWN = {builders.target(n).arn: n for n in range(1, 4)}
ABSENT = builders.target(9).arn


def find(wanted: Sequence[TargetArn]) -> Mapping[TargetArn, int]:
    return {arn: KNOWN[arn] for arn in wanted if arn in KNOWN}


def test_found_items_keep_the_requested_order() -> None:
    asked = list(reversed(KNOWN))
    batch = look_up(asked, parse_target_arn, find)
    assert list(batch.found.items()) == [(arn, KNOWN[arn]) for arn in asked]
    assert batch.failed == {}


def test_each_failure_has_a_reason() -> None:
    first, second, third = KNOWN
    batch = look_up([first, "arn", second, second, ABSENT, "arn"], parse_target_arn, find)
    assert list(batch.found) == [first]
    assert third not in batch.found
    assert batch.failed == {
        "arn": FailureCode.INVALID_ARN,
        second: FailureCode.DUPLICATE_ARN,
        ABSENT: FailureCode.ITEM_DOES_NOT_EXIST,
    }


def test_another_nouns_arn_is_invalid() -> None:
    template = builders.template().arn
    assert look_up([template], parse_target_arn, find).failed == {template: FailureCode.INVALID_ARN}


@given(st.lists(st.sampled_from([*KNOWN, ABSENT, "arn", ""]), max_size=10))
def test_every_text_is_found_or_fails_and_never_both(asked: list[str]) -> None:
    batch = look_up(asked, parse_target_arn, find)
    assert set(batch.found) | set(batch.failed) == set(asked)
    assert not set(batch.found) & set(batch.failed)
