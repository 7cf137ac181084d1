"""Grounds of a finding whose body has typed values: a vulnerability's packages, versions, fixes and exposure.

They are read from the body when a waiver asks for them; evaluations without waivers never build them.
"""

from collections.abc import Iterator

from openinspector.model.exposure import EXPOSURE_ORDER
from openinspector.model.finding import AnyBody, CveRecord, OutdatedByProduct, VulnerablePackages, VulnerableWindows
from openinspector.model.ground import Ground, Part

_NONE = "none"
"""Value of an unpublished fix."""


def issue_name(body: AnyBody) -> str:
    """Return the stable name of the issue that a body states: a CVE; empty for kinds of body whose rule names it."""
    return body.rule_id if isinstance(body, VulnerablePackages | VulnerableWindows) else ""


def grounds_of(body: AnyBody) -> Iterator[Ground]:
    """Yield the values that a body rests on; nothing for kinds of body whose rule states them."""
    if isinstance(body, VulnerablePackages):
        yield from _of_packages(body)
    elif isinstance(body, VulnerableWindows):
        yield Ground(part=Part.VERSION, key=body.product, value=body.build)
        yield Ground(part=Part.FIX, key=body.product, value=body.fixed)
        yield Ground(part=Part.ADVISORY, key=body.advisory.feed, value=body.advisory.id)
        yield _exploited(body.record)
        yield Ground(part=Part.SEVERITY, key="severity", value=body.severity)
    elif isinstance(body, OutdatedByProduct):
        yield Ground(part=Part.VERSION, key=body.package.name, value=body.package.version)
        yield Ground(part=Part.FIX, key=body.package.name, value=body.fixed or _NONE)


def _of_packages(body: VulnerablePackages) -> Iterator[Ground]:
    for affected in body.packages:
        name, comparison = affected.package.name, affected.comparison
        yield Ground(part=Part.VERSION, key=name, value=affected.version)
        yield Ground(part=Part.FIX, key=name, value=comparison.fixed or str(comparison.state or _NONE))
        if affected.kernel is not None:
            yield Ground(part=Part.USE, key=name, value="running" if affected.kernel.runs else "installed")
    for advisory in body.advisories:
        yield Ground(part=Part.ADVISORY, key=advisory.feed, value=advisory.id)
    yield _exploited(body.record)
    yield Ground(part=Part.SEVERITY, key="severity", value=body.severity)
    # With the lower exposures that it includes: less exposure is then a smaller set, which a waiver allows.
    for exposure in EXPOSURE_ORDER[EXPOSURE_ORDER.index(body.exposure) :]:
        yield Ground(part=Part.EXPOSURE, key="exposure", value=exposure)


def _exploited(record: CveRecord | None) -> Ground:
    exploited = record is not None and record.kev is not None
    return Ground(part=Part.EXPLOITED, key="exploited", value="yes" if exploited else "no")
