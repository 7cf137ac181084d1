"""The findings of one remedy as a report shows them: one row a vulnerability, each host once."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, NamedTuple

from openinspector.engine.evidence import render_evidence
from openinspector.engine.finding_text import body_attributes, texts_of
from openinspector.engine.finding_texts import vulnerable_windows
from openinspector.engine.finding_texts.texts import UPDATE
from openinspector.engine.finding_texts.vulnerable_packages import to_install
from openinspector.engine.remedy import Remedy, RemedyKind, goals
from openinspector.model.finding import (
    AnyBody,
    Attribute,
    FailedControl,
    OutdatedByProduct,
    Severity,
    VulnerablePackages,
    VulnerableWindows,
)
from openinspector.model.foreign_text import printable, printable_line
from openinspector.model.path_picture import PathPicture
from openinspector.plugins import discover
from openinspector.service.reports.content import (
    Proof,
    RemedyFindings,
    ReportedFinding,
    ReportedHost,
    ReportedIssue,
)
from openinspector.service.reports.path_pictures import picture_of
from openinspector.version import VersionScheme

MOST_SUMMARY: Final = 240
"""Longest summary of a vulnerability in its row, in characters."""
_NAMES: Final = 3
_ORDER: Final = tuple(Severity)
_WINDOWS_SCHEME: Final = "windows_build"
Vulnerable = VulnerablePackages | VulnerableWindows
THE_INSTANCE: Final = "(each instance listed)"
"""Stands for the instance's id in texts that several instances share."""


class Place(NamedTuple):
    """A finding without its body: its id, its host and its own attributes."""

    finding: str
    agent_id: str
    hostname: str
    user_attributes: tuple[Attribute, ...]


@dataclass(slots=True)
class RemedyGroup:
    """The findings of one remedy and rules package, by body."""

    remedy: Remedy
    package: str
    places: dict[AnyBody, list[Place]] = field(default_factory=dict)

    def findings(self) -> RemedyFindings:
        """Return the findings as the report shows them."""
        counts: Counter[Severity] = Counter()
        for body, places in self.places.items():
            counts[body.severity] += len(places)
        vulnerable = [body for body in self.places if isinstance(body, VulnerablePackages)]
        windows = [body for body in self.places if isinstance(body, VulnerableWindows)]
        if vulnerable:
            shown = _vulnerable(self.remedy, vulnerable, self.places)
        elif windows:
            shown = _windows(self.remedy, windows, self.places)
        else:
            shown = _others(self.places)
        return RemedyFindings(
            heading=printable_line(shown.heading),
            title=printable_line(shown.title),
            package=self.package,
            severity=min((severity for severity in counts), key=_ORDER.index),
            counts=dict(counts),
            issues=shown.issues,
            findings=shown.findings,
        )


class _Reason(NamedTuple):
    """Why a rule on configuration found an issue: findings for the same reason are together."""

    evidence: str
    attributes: tuple[Attribute, ...]
    picture: PathPicture | None


class _Shown(NamedTuple):
    heading: str
    title: str
    issues: tuple[ReportedIssue, ...]
    findings: tuple[ReportedFinding, ...]


def _vulnerable(
    remedy: Remedy, bodies: Sequence[VulnerablePackages], places: Mapping[AnyBody, Sequence[Place]]
) -> _Shown:
    scheme = bodies[0].packages[0].package.manager.version_scheme
    names = list(dict.fromkeys(one.package.name for body in bodies for one in body.packages))
    installed: dict[Vulnerable, list[str]] = {
        body: [f"{one.package.name} {one.version} ({one.package.architecture})" for one in body.packages]
        for body in bodies
    }
    goal = _newest(scheme, [version for versions in goals(bodies).values() for version in versions])
    return _Shown(
        heading=_heading(remedy, names, goal),
        title="",
        issues=_issues(bodies, places, scheme),
        findings=(_finding(_recommendation(remedy, bodies, names), installed, places),),
    )


def _windows(remedy: Remedy, bodies: Sequence[VulnerableWindows], places: Mapping[AnyBody, Sequence[Place]]) -> _Shown:
    newest = max(bodies, key=lambda body: body.fixed_revision)
    installed: dict[Vulnerable, list[str]] = {body: [f"{body.product}, build {body.build}"] for body in bodies}
    return _Shown(
        heading=_heading(remedy, [newest.product], newest.fixed),
        title="",
        issues=_issues(bodies, places, _WINDOWS_SCHEME),
        findings=(_finding(vulnerable_windows.recommendation(newest), installed, places),),
    )


def _finding(
    recommendation: str, installed: Mapping[Vulnerable, Sequence[str]], places: Mapping[AnyBody, Sequence[Place]]
) -> ReportedFinding:
    """Return one finding for all vulnerabilities of a remedy: its proofs are what hosts have installed."""
    ids: dict[tuple[str, str], list[Place]] = {}
    lines: dict[tuple[str, str], dict[str, None]] = {}
    for body, listed in installed.items():
        for place in places[body]:
            host = place.agent_id, place.hostname
            ids.setdefault(host, []).append(place)
            lines.setdefault(host, {}).update(dict.fromkeys(listed))
    proofs: dict[str, list[ReportedHost]] = {}
    for host, found in lines.items():
        proofs.setdefault(printable("\n".join(sorted(found))), []).append(_host(ids[host]))
    return ReportedFinding(
        description="",
        recommendation=printable(recommendation),
        proofs=tuple(
            Proof(evidence=evidence, attributes=(), hosts=_sorted(hosts)) for evidence, hosts in sorted(proofs.items())
        ),
    )


def _heading(remedy: Remedy, names: Sequence[str], goal: str) -> str:
    named = ", ".join(names[:_NAMES]) + (f" and {len(names) - _NAMES} more" if len(names) > _NAMES else "")
    match remedy.kind:
        case RemedyKind.RESTART:
            return f"{named}: restart"
        case RemedyKind.NO_FIX:
            return f"{named}: no fix published"
        case RemedyKind.UPDATE | RemedyKind.FOLLOW:
            return f"{named} ≥ {goal}"


def _recommendation(remedy: Remedy, bodies: Sequence[VulnerablePackages], names: Sequence[str]) -> str:
    if remedy.kind is RemedyKind.NO_FIX:
        return f"No fixed version is published yet. Remove {', '.join(names)} if not needed, or limit access."
    if remedy.kind is RemedyKind.RESTART:
        return texts_of(bodies[0], THE_INSTANCE).recommendation
    install = dict.fromkeys(name for body in bodies for name in to_install(body, goals([body])))
    manager = bodies[0].packages[0].package.manager
    kernel = any(one.kernel is not None and one.kernel.runs for body in bodies for one in body.packages)
    restart = " Restart the host afterwards, so that the new kernel runs." if kernel else ""
    return f"{UPDATE.get(manager, 'update')} {' '.join(install)}{'.' if restart else ''}{restart}"


def _issues(
    bodies: Sequence[Vulnerable], places: Mapping[AnyBody, Sequence[Place]], scheme: str
) -> tuple[ReportedIssue, ...]:
    by_id: dict[str, list[Vulnerable]] = {}
    for body in bodies:
        by_id.setdefault(body.rule_id, []).append(body)
    rows = [_issue(found, sum(len(places[body]) for body in found), scheme) for found in by_id.values()]
    return tuple(sorted(rows, key=lambda row: (not row.exploited, _ORDER.index(row.severity), row.rule_id)))


def _issue(bodies: Sequence[Vulnerable], findings: int, scheme: str) -> ReportedIssue:
    body = bodies[0]
    record = body.record
    advisories = body.advisories if isinstance(body, VulnerablePackages) else (body.advisory,)
    summary = printable_line(next((one.summary for one in advisories if one.summary), ""))
    return ReportedIssue(
        rule_id=printable_line(body.rule_id),
        severity=min((one.severity for one in bodies), key=_ORDER.index),
        score=f"{body.scores[0].base:.1f}" if body.scores else "",
        epss=f"{record.epss.probability:.3f}" if record is not None and record.epss is not None else "",
        exploited=record is not None and record.kev is not None,
        fixed=printable_line(_newest(scheme, [version for one in bodies for version in _fixed(one)])),
        summary=summary if len(summary) <= MOST_SUMMARY else summary[: MOST_SUMMARY - 1] + "…",
        findings=findings,
    )


def _fixed(body: Vulnerable) -> list[str]:
    if isinstance(body, VulnerableWindows):
        return [body.fixed]
    return [version for versions in goals([body]).values() for version in versions]


def _others(places: Mapping[AnyBody, Sequence[Place]]) -> _Shown:
    """Return findings of rules on configuration: texts and evidence once, each host once."""
    found: dict[tuple[str, str], dict[_Reason, list[Place]]] = {}
    for body, here in places.items():
        for place in here:
            shared = len(here) > 1 or not place.agent_id
            texts = texts_of(body, THE_INSTANCE if shared else place.agent_id)
            # The heading and the title of a control state everything that its description does.
            description = "" if isinstance(body, FailedControl) else printable(texts.description)
            words = description, printable(texts.recommendation)
            evidence = render_evidence(texts.evidence) if texts.evidence and _has_evidence(body) else ""
            reason = _Reason(evidence, _attributes(body), picture_of(body))
            found.setdefault(words, {}).setdefault(reason, []).append(place)
    first = next(iter(places))
    return _Shown(
        heading=_other_heading(first),
        title=_title(places),
        issues=(),
        findings=tuple(
            ReportedFinding(description=description, recommendation=recommendation, proofs=_proofs(reasons))
            for (description, recommendation), reasons in sorted(found.items())
        ),
    )


def _has_evidence(body: AnyBody) -> bool:
    """Return False for a by-product: its evidence lists every vulnerability of its source."""
    return not isinstance(body, OutdatedByProduct)


def _attributes(body: AnyBody) -> tuple[Attribute, ...]:
    """Return the attributes that tell findings of one rule apart; profiles of a benchmark are in the title."""
    if isinstance(body, FailedControl):
        return ()
    return tuple(
        Attribute(key=printable(one.key), value=printable(one.value) if one.value else None)
        for one in body_attributes(body)
    )


def _other_heading(body: AnyBody) -> str:
    if isinstance(body, OutdatedByProduct):
        name = body.package.name
        return f"{name} ≥ {body.fixed}" if body.fixed else f"{name}: no update published"
    return body.rule_id


def _title(places: Mapping[AnyBody, Sequence[Place]]) -> str:
    """Return the profiles of a control, or the title of the only finding."""
    controls = [body for body in places if isinstance(body, FailedControl)]
    if controls:
        profiles = ", ".join(sorted({body.profile for body in controls}))
        return f"{controls[0].product} v{controls[0].version}: {profiles}"
    every = [(body, place) for body, here in places.items() for place in here]
    if len(every) == 1 and every[0][1].agent_id:
        return texts_of(every[0][0], every[0][1].agent_id).title
    return ""


def _proofs(reasons: Mapping[_Reason, Sequence[Place]]) -> tuple[Proof, ...]:
    return tuple(
        Proof(
            evidence=printable(reason.evidence),
            attributes=reason.attributes,
            hosts=_hosts(places),
            picture=reason.picture,
        )
        for reason, places in sorted(reasons.items(), key=lambda item: item[0].evidence)
    )


def _hosts(places: Sequence[Place]) -> tuple[ReportedHost, ...]:
    by_host: dict[tuple[str, str], list[Place]] = {}
    for place in places:
        by_host.setdefault((place.agent_id, place.hostname), []).append(place)
    return _sorted(map(_host, by_host.values()))


def _host(places: Sequence[Place]) -> ReportedHost:
    first = places[0]
    return ReportedHost(
        findings=tuple(sorted(place.finding for place in places)),
        agent_id=first.agent_id,
        hostname=first.hostname,
        user_attributes=tuple(dict.fromkeys(one for place in places for one in place.user_attributes)),
    )


def _sorted(hosts: Iterable[ReportedHost]) -> tuple[ReportedHost, ...]:
    return tuple(sorted(hosts, key=lambda one: (one.hostname, one.agent_id, one.findings)))


def _newest(scheme: str, versions: Sequence[str]) -> str:
    """Return the newest version in the order of a version scheme; empty without versions."""
    found = _schemes().get(scheme)
    key: Callable[[str], bytes] = found.key if found is not None else str.encode
    return max(versions, key=key, default="")


@cache
def _schemes() -> Mapping[str, VersionScheme]:
    return discover("openinspector.versions", "SCHEME", VersionScheme)
