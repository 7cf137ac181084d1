"""Hypothesis strategies for bodies of findings: any values that decode, however hostile."""

from typing import Any, Final

import hypothesis.strategies as st

from openinspector.model.advisory import (
    Exploitability,
    FixState,
    KnownExploit,
    PackageKind,
    Priority,
    RecordState,
    Score,
)
from openinspector.model.evidence import Evidence
from openinspector.model.exposure import Exposure
from openinspector.model.finding import (
    AdvisoryReference,
    AffectedPackage,
    AnyBody,
    Attribute,
    Comparison,
    CveRecord,
    FailedControl,
    InstalledVersion,
    KernelState,
    NoIssues,
    OutdatedByProduct,
    Severity,
    StatedIssue,
    UpdateRestart,
    VulnerablePackages,
    VulnerableWindows,
    WaitingUpdate,
    WindowsUpdate,
)
from openinspector.model.inventory import PackageManager
from openinspector.model.path_picture import PathBox, PathPicture

_TEXT: Final = st.text(st.characters(codec="utf-8"), max_size=20)
_NAME: Final = st.text("abcdefghijklmnopqrstuvwxyz0123456789+-.", min_size=1, max_size=300)
_TEXTS: Final = st.lists(_TEXT, max_size=9).map(tuple)
_SEVERITY: Final = st.sampled_from(Severity)
_ATTRIBUTE: Final = st.builds(Attribute, key=_NAME, value=st.none() | _TEXT)
_FLOAT: Final = st.floats(min_value=0, max_value=10)

_EVIDENCE: Final = st.recursive(
    st.builds(Evidence, statement=_TEXT, source=_TEXT),
    lambda children: st.builds(
        Evidence, statement=_TEXT, source=_TEXT, because=st.lists(children, max_size=3).map(tuple)
    ),
    max_leaves=5,
)
_BOX: Final = st.builds(PathBox, kind=_TEXT, name=_TEXT, note=_TEXT, is_to_change=st.booleans())
_PICTURE: Final = st.builds(
    PathPicture, title=_TEXT, boxes=st.lists(_BOX, max_size=9).map(tuple), answer=_TEXTS, advice=_TEXT
)
_PACKAGE: Final = st.builds(
    InstalledVersion, name=_NAME, version=_TEXT, architecture=_TEXT, manager=st.sampled_from(PackageManager)
)
_KERNEL: Final = st.builds(
    KernelState, release=_TEXT, uname=_TEXT, runs=st.booleans(), installed=st.booleans(), ready=st.none() | _PACKAGE
)
_SCORE: Final = st.builds(
    Score, version=st.sampled_from(("2.0", "3.1", "4.0")), base=_FLOAT, vector=_TEXT, origin=_TEXT
)
_RECORD: Final = st.builds(
    CveRecord,
    state=st.sampled_from(RecordState),
    epss=st.none() | st.builds(Exploitability, probability=_FLOAT, percentile=_FLOAT, date=_TEXT),
    kev=st.none() | st.builds(KnownExploit, added=_TEXT, due=_TEXT, ransomware=st.booleans(), action=_TEXT),
)


_REFERENCE: Final = st.builds(
    AdvisoryReference, id=_TEXT, feed=_TEXT, priority=st.sampled_from(Priority), summary=_TEXT, url=_TEXT
)


@st.composite
def _vulnerable_packages(draw: st.DrawFn) -> VulnerablePackages:
    advisories = draw(st.lists(_REFERENCE, min_size=1, max_size=9))
    comparison = st.builds(
        Comparison,
        advisory=st.integers(min_value=0, max_value=len(advisories) - 1),
        stream=_TEXT,
        kind=st.sampled_from(PackageKind),
        name=_TEXT,
        version=_TEXT,
        fixed=_TEXT,
        state=st.none() | st.sampled_from(FixState),
        word=_TEXT,
        inherited=st.booleans(),
    )
    package = st.builds(AffectedPackage, package=_PACKAGE, comparison=comparison, kernel=st.none() | _KERNEL)
    return VulnerablePackages(
        rule_id=draw(_TEXT),
        severity=draw(_SEVERITY),
        is_cve=draw(st.booleans()),
        packages=tuple(draw(st.lists(package, min_size=1, max_size=9))),
        advisories=tuple(advisories),
        exposure=draw(st.sampled_from(Exposure)),
        scores=tuple(draw(st.lists(_SCORE, max_size=9))),
        cwes=draw(_TEXTS),
        record=draw(st.none() | _RECORD),
        kernel_metapackages=draw(_TEXTS),
    )


_WINDOWS: Final = st.builds(
    VulnerableWindows,
    rule_id=_TEXT,
    severity=_SEVERITY,
    product=_TEXT,
    build=_TEXT,
    revision=st.integers(0, 99999),
    installation=_TEXT,
    architecture=_TEXT,
    fixed=_TEXT,
    fixed_revision=st.integers(0, 99999),
    stated_for=_TEXT,
    advisory=_REFERENCE,
    references=_TEXTS,
    updates=st.lists(st.builds(WindowsUpdate, name=_TEXT, kind=_TEXT, supersedes=st.booleans()), max_size=5).map(tuple),
    waiting=st.none() | st.builds(WaitingUpdate, kb=_TEXT, package=_TEXT, state=st.integers(0, 999)),
    restart=st.sampled_from(UpdateRestart),
    restart_pending=_TEXTS,
    is_cumulative=st.booleans(),
    scores=st.lists(_SCORE, max_size=9).map(tuple),
    cwes=_TEXTS,
    record=st.none() | _RECORD,
)

_STRATEGIES: Final[dict[type[Any], st.SearchStrategy[AnyBody]]] = {
    VulnerablePackages: _vulnerable_packages(),
    VulnerableWindows: _WINDOWS,
    OutdatedByProduct: st.builds(
        OutdatedByProduct,
        rule_id=_TEXT,
        severity=_SEVERITY,
        package=_PACKAGE,
        source=_TEXT,
        content=_TEXT,
        policy=_TEXT,
        fixed=_TEXT,
        closed=_TEXTS,
        unfixed=_TEXTS,
    ),
    FailedControl: st.builds(
        FailedControl,
        rule_id=_TEXT,
        severity=_SEVERITY,
        product=_TEXT,
        version=_TEXT,
        newer=_TEXT,
        number=_TEXT,
        title=_TEXT,
        benchmark=_TEXT,
        profile=_TEXT,
        remedy=_TEXT,
        evidence=_EVIDENCE,
    ),
    StatedIssue: st.builds(
        StatedIssue,
        rule_id=_TEXT,
        severity=_SEVERITY,
        title=_TEXT,
        description=_TEXT,
        recommendation=_TEXT,
        evidence=st.none() | _EVIDENCE,
        attributes=st.lists(_ATTRIBUTE, max_size=60).map(tuple),
        picture=st.none() | _PICTURE,
    ),
    NoIssues: st.builds(NoIssues, rule_id=_TEXT, severity=_SEVERITY, hosts=st.integers(min_value=0)),
}


def bodies(*kinds: type[Any]) -> st.SearchStrategy[AnyBody]:
    """Return bodies of some kinds, by default of any."""
    return st.one_of([_STRATEGIES[kind] for kind in kinds or tuple(_STRATEGIES)])
