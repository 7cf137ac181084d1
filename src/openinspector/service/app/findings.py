"""Findings as users see them, and user attributes put on and taken off (F6.22 to F6.25)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from openinspector.model.arn import FindingArn, parse_finding_arn
from openinspector.model.finding import Attribute, Finding
from openinspector.service.app.batch import Batch, FailureCode, look_up
from openinspector.service.app.errors import UseCaseError
from openinspector.service.app.installation import Installation

MAX_USER_ATTRIBUTES = 10

Attributes = tuple[Attribute, ...]


class _TooManyError(UseCaseError):
    """A finding would have more user attributes than it may."""


def add_attributes(installation: Installation, arns: Sequence[str], added: Attributes) -> Mapping[str, FailureCode]:
    """Put attributes on findings, a key again replacing its value (F6.25); returns which failed, and why."""
    return _change(installation, arns, lambda held: _merged(held, added), installation.clock.now())


def remove_attributes(
    installation: Installation, arns: Sequence[str], keys: Sequence[str]
) -> Mapping[str, FailureCode]:
    """Take attributes off findings by key; returns which failed, and why. That is no update to a finding (F6.8)."""
    return _change(installation, arns, lambda held: tuple(one for one in held if one.key not in keys))


def look_up_findings(installation: Installation, arns: Sequence[str]) -> Batch[FindingArn, Finding]:
    """Return the findings that ``arns`` name; one of a run in progress is not there yet (F4.36, F6.21)."""
    return look_up(arns, parse_finding_arn, partial(installation.findings.findings_by_arn, of_ended_runs=True))


def _change(
    installation: Installation,
    arns: Sequence[str],
    change: Callable[[Attributes], Attributes],
    updated_at: datetime | None = None,
) -> Mapping[str, FailureCode]:
    batch = look_up_findings(installation, arns)
    failed = dict(batch.failed)
    for arn in batch.found:
        try:
            if not installation.findings.change_user_attributes(arn, change, updated_at):
                failed[arn] = FailureCode.ITEM_DOES_NOT_EXIST
        except _TooManyError:
            failed[arn] = FailureCode.LIMIT_EXCEEDED
    return failed


def _merged(held: Attributes, added: Attributes) -> Attributes:
    values = {attribute.key: attribute for attribute in (*held, *added)}
    if len(values) > MAX_USER_ATTRIBUTES:
        raise _TooManyError(f"a finding has at most {MAX_USER_ATTRIBUTES} user attributes")
    return tuple(values.values())
