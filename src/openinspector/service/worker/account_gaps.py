"""Exclusions for the parts of the accounts that could not be read at all, each with account and region."""

from collections.abc import Sequence

from openinspector.engine.bounds import MAX_TEXT, fit
from openinspector.model.arn import RulesPackageArn
from openinspector.model.exclusion import ExclusionKind, ExclusionPreview, scopes_of
from openinspector.network.aws.read_call import INSTANCES_CALL
from openinspector.network.snapshot import ReadGap


def unread_accounts(gaps: Sequence[ReadGap], packages: Sequence[RulesPackageArn]) -> list[ExclusionPreview]:
    """Return an exclusion for each of ``packages`` if the instances of accounts or regions could not be read.

    Any other call that failed is an exclusion of the instances whose paths need it, not of the run.
    """
    whole = [gap for gap in gaps if gap.operation in {"", INSTANCES_CALL.operation}]
    if not whole:
        return []
    reasons = "\n".join(f"- {_place(gap)}: {gap.reason}" for gap in whole)
    described = fit(f"The instances there were not judged, because these could not be read:\n{reasons}", MAX_TEXT)
    return [
        ExclusionPreview(
            kind=ExclusionKind.REACHABILITY_INTERNET,
            description=described,
            recommendation="Let the role be assumed and read the account: `openinspector account policy` prints the "
            "permissions. Then start the run again.",
            scopes=scopes_of(package=package),
        )
        for package in packages
    ]


def _place(gap: ReadGap) -> str:
    return f"account {gap.account}, region {gap.region}" if gap.region else f"account {gap.account}"
