"""Look up many ARNs at once; report why individual ones failed (F11.17)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from openinspector.model.errors import ModelError

A = TypeVar("A", bound=str)
T = TypeVar("T")


class FailureCode(StrEnum):
    """Why one item of a request failed (F11.50)."""

    INVALID_ARN = "INVALID_ARN"
    DUPLICATE_ARN = "DUPLICATE_ARN"
    ITEM_DOES_NOT_EXIST = "ITEM_DOES_NOT_EXIST"
    ACCESS_DENIED = "ACCESS_DENIED"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpResult(Generic[A, T]):
    """Items found, in the order requested, and failures by ARN."""

    found: Mapping[A, T]
    failed: Mapping[str, FailureCode]


def look_up(
    texts: Sequence[str], parse: Callable[[str], A], find: Callable[[Sequence[A]], Mapping[A, T]]
) -> LookUpResult[A, T]:
    """Look up the items that ``texts`` name. An ARN given twice fails and is not looked up."""
    failed: dict[str, FailureCode] = {}
    wanted: list[A] = []
    for text in texts:
        try:
            arn = parse(text)
        except ModelError:
            failed[text] = FailureCode.INVALID_ARN
            continue
        if texts.count(text) > 1:
            failed[text] = FailureCode.DUPLICATE_ARN
        else:
            wanted.append(arn)
    known = find(wanted)
    failed |= {arn: FailureCode.ITEM_DOES_NOT_EXIST for arn in wanted if arn not in known}
    return LookUpResult(found={arn: known[arn] for arn in wanted if arn in known}, failed=failed)
