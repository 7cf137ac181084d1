"""Findings: user attributes put on and taken off (F6.22 to F6.25)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from openinspector.model.arn import parse_finding_arn
from openinspector.model.finding import Attribute, Finding
from openinspector.service.app.batch import FailureCode, look_up
from openinspector.service.app.installation import Installation

MAX_USER_ATTRIBUTES = 10

Attributes = tuple[Attribute, ...]


def add_attributes(installation: Installation, arns: Sequence[str], added: Attributes) -> Mapping[str, FailureCode]:
    """Put attributes on findings, a key again replacing its value (F6.25); returns which failed, and why."""
    now = installation.clock.now()
    return _change(
        installation,
        arns,
        lambda held: replace(held, user_attributes=_merged(held.user_attributes, added), updated_at=now),
    )


def remove_attributes(
    installation: Installation, arns: Sequence[str], keys: Sequence[str]
) -> Mapping[str, FailureCode]:
    """Take attributes off findings by key; returns which failed, and why. That is no update to a finding (F6.8)."""
    return _change(
        installation,
        arns,
        lambda held: replace(held, user_attributes=tuple(a for a in held.user_attributes if a.key not in keys)),
    )


def _change(
    installation: Installation, arns: Sequence[str], change: Callable[[Finding], Finding]
) -> Mapping[str, FailureCode]:
    batch = look_up(arns, parse_finding_arn, installation.findings.findings_by_arn)
    failed = dict(batch.failed)
    for arn, finding in batch.found.items():
        changed = change(finding)
        if len(changed.user_attributes) > MAX_USER_ATTRIBUTES:
            failed[arn] = FailureCode.LIMIT_EXCEEDED
        else:
            installation.findings.set_user_attributes(arn, changed.user_attributes, changed.updated_at)
    return failed


def _merged(held: Attributes, added: Attributes) -> Attributes:
    values = {attribute.key: attribute for attribute in (*held, *added)}
    return tuple(values.values())
