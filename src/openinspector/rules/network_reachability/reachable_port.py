"""Reachable ports: a rule for each kind of finding and class of sources (F5.46 to F5.57).

All of them read one judgement of the instance. `openinspector reach findings` prints the same.
"""

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Final

from openinspector.engine.completeness import unseen
from openinspector.engine.not_assessed import MANAGERS
from openinspector.engine.rule import Detected, Detection, NotApplicable, Outcome, Passed, Rule, RuleContext, Unable
from openinspector.model.evidence import Evidence
from openinspector.model.exclusion import ExclusionKind
from openinspector.model.facts import HostFacts
from openinspector.model.finding import Attribute, Severity, StatedIssue
from openinspector.model.inventory import Kernel, ListeningPort, OperatingSystem, Package
from openinspector.model.record import Record
from openinspector.network.answer import Hop, Leg, NotKnown
from openinspector.network.aws.document import NOUNS
from openinspector.network.exposure import ReachableExposure, RuleType, SourceClass
from openinspector.network.exposure_text import (
    SOURCE_NAMES,
    attributes,
    description,
    kind_name,
    process_of,
    recommendation,
    title,
)
from openinspector.network.path_picture import picture_of

_LISTENING: Final = "listening_ports"
_PACKAGES: Final = ("os_release", *MANAGERS)
_MOST_CVES: Final = 20
_LEGS: Final = {
    SourceClass.INTERNET: frozenset({Leg.INTERNET, Leg.ALB, Leg.ELB}),
    SourceClass.PEERED_VPC: frozenset({Leg.PEERING}),
    SourceClass.VGW: frozenset({Leg.VPN, Leg.DIRECT_CONNECT}),
}
_EXCLUSIONS: Final = {
    Leg.INTERNET: ExclusionKind.REACHABILITY_INTERNET,
    Leg.ALB: ExclusionKind.REACHABILITY_ALB,
    Leg.ELB: ExclusionKind.REACHABILITY_ELB,
    Leg.VPN: ExclusionKind.REACHABILITY_VPN,
    Leg.DIRECT_CONNECT: ExclusionKind.REACHABILITY_DIRECT_CONNECT,
    Leg.PEERING: ExclusionKind.REACHABILITY_PEERING,
}
_SEVERITIES: Final = {
    RuleType.WITH_LISTENER: Severity.HIGH,
    RuleType.NO_LISTENER: Severity.LOW,
    RuleType.NO_AGENT: Severity.MEDIUM,
    RuleType.UNRECOGNIZED: Severity.LOW,
    RuleType.EXPOSURE: Severity.INFORMATIONAL,
}
"""The highest that each kind of finding has; HTTP and HTTPS are informational."""
_DESCRIPTIONS: Final = {
    RuleType.WITH_LISTENER: "A well-known port can be reached from {source}, and a process listens on it.",
    RuleType.NO_LISTENER: "A well-known port can be reached from {source}. No process listens on it.",
    RuleType.NO_AGENT: "A well-known port can be reached from {source}. Without an agent, listeners are not known.",
    RuleType.UNRECOGNIZED: "A port that is not well known can be reached from {source}, and a process listens on it.",
    RuleType.EXPOSURE: "Ports of a network interface can be reached from {source}.",
}
_REMEDY: Final = (
    "Let the role read it (`openinspector account policy` prints the permissions), then start the run again."
)


def _evaluate(rule_type: RuleType, route: SourceClass, facts: HostFacts, context: RuleContext) -> Outcome:
    network = context.network
    if network is None:
        return _unable(_LEGS[route], ("The run has no snapshot of the account.",))
    instance = facts.agent_id
    if instance not in network.topology.of_instance:
        why = network.topology.interfaces_missing(instance)
        if why:
            return _unable(_LEGS[route], (why,))
        return NotApplicable(reason=f"{instance} is not an instance in the snapshot, or has no network interface.")
    judgement = network.of_instance(instance, _listening(facts))
    lacking = [lack for lack in judgement.not_known if lack.exclusion in _LEGS[route]]
    gap = _gap(lacking) or (_sensor_gap(facts) if rule_type is not RuleType.EXPOSURE else None)
    found = [one for one in judgement.exposures if (one.rule_type, one.route) == (rule_type, route)]
    if found:
        detections = tuple(_detection(one, facts, context) for one in found)
        return Detected(detections=detections, unfinished=gap)
    if lacking and gap is not None:
        return gap
    statement = f"No such port of {instance} is reachable from {SOURCE_NAMES[route]}."
    return Passed(evidence=Evidence(statement=statement, source=_snapshot(network.digest)), unfinished=gap)


def _listening(facts: HostFacts) -> Sequence[ListeningPort] | None:
    """Return the listening ports; None if they are not known, as on an instance without an agent."""
    known = facts.all(ListeningPort)
    return known if known or facts.complete(_LISTENING) else None


def _sensor_gap(facts: HostFacts) -> Unable | None:
    return unseen(facts, (_LISTENING,)) if _LISTENING in facts.sensors else None


def _gap(lacking: Sequence[NotKnown]) -> Unable | None:
    """Return what is not known of the legs: one reason a leg, which names resource and region."""
    if not lacking:
        return None
    by_leg: dict[Leg, list[str]] = {}
    for lack in lacking:
        by_leg.setdefault(lack.exclusion, []).append(f"{lack.resource}: {lack.reason}.")
    first, *others = (_unable((leg,), reasons) for leg, reasons in by_leg.items())
    return Unable(kind=first.kind, reason=first.reason, recommendation=first.recommendation, also=tuple(others))


def _unable(legs: Sequence[Leg] | frozenset[Leg], reasons: Sequence[str]) -> Unable:
    return Unable(kind=_EXCLUSIONS[min(legs)], reason=" ".join(dict.fromkeys(reasons)), recommendation=_REMEDY)


def _detection(exposure: ReachableExposure, facts: HostFacts, context: RuleContext) -> Detection:
    network = context.network
    assert network is not None
    vulnerabilities = _vulnerabilities(exposure, facts, context)
    shown = [Attribute(key="SNAPSHOT", value=network.digest)] if network.digest else []
    if vulnerabilities:
        shown.append(Attribute(key="CVE_IDS", value=", ".join(vulnerabilities[:_MOST_CVES])))
    body = StatedIssue(
        rule_id=kind_name(exposure.rule_type, exposure.route),
        title=title(exposure),
        description=description(exposure) + _known_vulnerabilities(exposure, vulnerabilities),
        recommendation=recommendation(exposure, network.closers),
        severity=exposure.severity,
        evidence=_evidence(exposure, vulnerabilities, network.digest),
        attributes=tuple(one for one in (*attributes(exposure), *shown) if one.key != "INSTANCE_ID"),
        picture=picture_of(exposure),
    )
    return Detection(subject=exposure.subject, body=body, issue=exposure.issue, grounds=exposure.grounds)


def _vulnerabilities(exposure: ReachableExposure, facts: HostFacts, context: RuleContext) -> list[str]:
    """Return the CVEs of the package that the listener is from, sorted."""
    name = exposure.listener.package if exposure.listener else ""
    packages = tuple(one for one in facts.all(Package) if one.name == name) if name else ()
    if not packages:
        return []
    records: dict[type[object], tuple[Record, ...]] = {Package: packages}
    records |= {OperatingSystem: facts.all(OperatingSystem), Kernel: facts.all(Kernel)}
    alone = HostFacts(agent_id=facts.agent_id, records=records)
    return sorted({identity for match in context.advisories.matches(alone) for identity in match.vulnerabilities})


def _known_vulnerabilities(exposure: ReachableExposure, vulnerabilities: Sequence[str]) -> str:
    if not vulnerabilities or exposure.listener is None:
        return ""
    more = len(vulnerabilities) - _MOST_CVES
    named = ", ".join(vulnerabilities[:_MOST_CVES]) + (f" and {more} more" if more > 0 else "")
    return f" Known vulnerabilities of package {exposure.listener.package}: {named}."


def _evidence(exposure: ReachableExposure, vulnerabilities: Sequence[str], digest: str) -> Evidence:
    answer = exposure.answer
    branches = []
    if answer is not None:
        branches.append(Evidence(statement="Path:", because=tuple(map(_hop, answer.path))))
        branches.append(Evidence(statement="Answer:", because=tuple(map(_hop, answer.answer_path))))
        branches += [Evidence(statement=f"Assumed: {text}.") for text in answer.assumptions]
    if exposure.listener is not None:
        known = tuple(Evidence(statement=identity) for identity in vulnerabilities)
        branches.append(Evidence(statement=f"{process_of(exposure)} listens.", source=_LISTENING, because=known))
    branches += [Evidence(statement=f"Opened by {rule}.") for rule in exposure.rules]
    return Evidence(statement=f"{title(exposure)}.", source=_snapshot(digest), because=tuple(branches))


def _hop(hop: Hop) -> Evidence:
    detail = " ".join(text for text in (hop.rule, hop.route, hop.address) if text)
    return Evidence(statement=f"{hop.kind} {hop.resource}: {hop.action}{' ' if detail else ''}{detail}")


def _snapshot(digest: str) -> str:
    return f"snapshot {digest}" if digest else ""


def _rule(rule_type: RuleType, route: SourceClass) -> Rule:
    source = SOURCE_NAMES[route]
    return Rule(
        name=f"{rule_type.name}_from_{route.name}".lower(),
        title=kind_name(rule_type, route),
        severity=_SEVERITIES[rule_type],
        description=_DESCRIPTIONS[rule_type].format(source=source),
        recommendation=f"Remove or narrow the security group rule that lets traffic in from {source}.",
        reads=(ListeningPort, OperatingSystem, Kernel, Package),
        sensors=(),
        optional_sensors=(_LISTENING, *_PACKAGES),
        operations=tuple(sorted(NOUNS)),
        attributes=(
            "VPC",
            "ACL",
            "PROTOCOL",
            "RULE_TYPE",
            "PORT_GROUP_NAME",
            "IGW",
            "VGW",
            "PEERED_VPC",
            "SECURITY_GROUP",
            "ENI",
            "REACHABILITY_TYPE",
            "PORT",
            "ELB",
            "SOURCES",
            "SCOPE",
            "SNAPSHOT",
            "CVE_IDS",
        ),
        evaluate=partial(_evaluate, rule_type, route),
    )


RULES: Final = tuple(_rule(rule_type, route) for route, rule_type in product(SourceClass, RuleType))
