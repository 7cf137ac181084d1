from datetime import date

import msgspec
import pytest

from openinspector.engine.grounds import grounds_of, issue_name
from openinspector.engine.waiver import Applies, Ended, Issue, holds, status_of
from openinspector.model.advisory import KnownExploit, PackageKind, Priority
from openinspector.model.exposure import Exposure
from openinspector.model.finding import (
    AdvisoryReference,
    AffectedPackage,
    Comparison,
    CveRecord,
    InstalledVersion,
    NoIssues,
    Severity,
    VulnerablePackages,
)
from openinspector.model.inventory import PackageManager
from openinspector.model.waiver import Waiver, WaiverScope, WaiverVerdict

DAY = date(2026, 12, 1)
BODY = VulnerablePackages(
    rule_id="CVE-2026-0001",
    severity=Severity.MEDIUM,
    is_cve=True,
    packages=(
        AffectedPackage(
            package=InstalledVersion(
                name="openssl", version="3.0.1", architecture="amd64", manager=PackageManager.DPKG
            ),
            comparison=Comparison(
                advisory=0, stream="debian:12", kind=PackageKind.SOURCE, name="openssl", version="3.0.1"
            ),
        ),
    ),
    advisories=(AdvisoryReference(id="DSA-1", feed="debian", priority=Priority.MEDIUM),),
    exposure=Exposure.RUNNING,
)


def with_fix(fixed: str) -> VulnerablePackages:
    (affected,) = BODY.packages
    comparison = msgspec.structs.replace(affected.comparison, fixed=fixed)
    return msgspec.structs.replace(BODY, packages=(msgspec.structs.replace(affected, comparison=comparison),))


def issue(body: VulnerablePackages) -> Issue:
    return Issue(name=issue_name(body), subject="", agent_id="i-1", grounds=tuple(grounds_of(body)))


def waiver(verdict: WaiverVerdict) -> Waiver:
    return Waiver(
        id="w",
        verdict=verdict,
        scope=WaiverScope(issues=("CVE-2026-0001",)),
        reason="r",
        owner="o",
        created_on=DAY,
        expires=DAY,
        holds=holds(tuple(grounds_of(BODY)), verdict),
    )


@pytest.mark.parametrize(
    ("changed", "accepted", "not_affected"),
    [
        (BODY, Applies, Applies),
        (with_fix("3.0.2"), Ended, Applies),
        (msgspec.structs.replace(BODY, severity=Severity.HIGH), Ended, Applies),
        (msgspec.structs.replace(BODY, record=CveRecord(kev=KnownExploit(added="2026-12-01"))), Ended, Applies),
        (msgspec.structs.replace(BODY, exposure=Exposure.LISTENING), Ended, Applies),
        (msgspec.structs.replace(BODY, exposure=Exposure.INSTALLED), Applies, Applies),
    ],
)
def test_changes_that_end_a_waiver_of_a_vulnerability(
    changed: VulnerablePackages, accepted: type, not_affected: type
) -> None:
    """Of an accepted risk: a fix, another severity, exploitation, more exposure; not less exposure."""
    assert isinstance(status_of(waiver(WaiverVerdict.ACCEPTED), issue(changed), DAY), accepted)
    assert isinstance(status_of(waiver(WaiverVerdict.NOT_AFFECTED), issue(changed), DAY), not_affected)


def test_a_body_whose_rule_states_the_grounds_has_none() -> None:
    body = NoIssues(rule_id="r", severity=Severity.INFORMATIONAL, hosts=1)
    assert (issue_name(body), list(grounds_of(body))) == ("", [])
