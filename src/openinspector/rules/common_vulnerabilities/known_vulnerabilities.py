"""Known vulnerabilities of installed packages: one detection for each host and CVE (F5.9 to F5.15).

A detection gathers every package of the host and every advisory that the CVE concerns. An advisory that names no CVE
is a detection of its own, under the advisory's id. Packages that carry none of the vulnerable code are one detection
each (`openinspector.engine.by_products`). Packages that cannot be assessed are an exclusion:

- no advisory speaks of the host's release: the rules package does not support it (exclusion);
- a package database could not be read whole: the findings are true and stand, and an exclusion says that it may not
  be all; where nothing was found, absence proves nothing and the exclusion stands alone;
- packages of PyPI, npm and RubyGems are counted, not judged, unless the distribution brought them: then its advisories
  speak of the package they came in (ADR 0023). Packages in running containers are counted likewise (ADR 0024).
"""

from collections.abc import Iterable
from typing import Final

from openinspector.engine.by_products import by_product_detection, by_product_of
from openinspector.engine.case import Case, case_of
from openinspector.engine.completeness import unable, unseen
from openinspector.engine.evidence import Evidence
from openinspector.engine.exposure import HostExposure
from openinspector.engine.match import Match
from openinspector.engine.not_assessed import MANAGERS, REGISTRIES, both, not_assessed, not_covered, unread_databases
from openinspector.engine.rule import Detected, Detection, Outcome, Passed, Rule, RuleContext
from openinspector.engine.vulnerable_packages import vulnerable_packages
from openinspector.model.activity import CodeModule, Process
from openinspector.model.facts import HostFacts
from openinspector.model.finding import Severity
from openinspector.model.inventory import (
    ContainerRoot,
    Kernel,
    ListeningPort,
    OperatingSystem,
    Package,
)


def evaluate(facts: HostFacts, context: RuleContext) -> Outcome:
    """Match the host's packages against the advisories in force."""
    distribution = facts.distribution
    if not distribution:
        return unseen(facts, ("os_release",)) or unable("The host did not say which operating system it runs.")
    not_judged = not_assessed(facts, context)
    if not context.advisories.covers(distribution):
        return both(not_covered(distribution, context), not_judged)
    unread = unread_databases(facts)
    unfinished = both(unread, not_judged) if unread else not_judged
    matches = context.advisories.matches(facts)
    code, apart = _split(matches, single=context.single_by_products)
    detections = (*map(_detection, _cases(facts, code, context)), *_by_products(apart))
    if detections:
        return Detected(detections=detections, unfinished=unfinished)
    if unread is not None:
        return both(unread, not_judged)
    packages = sum(package.manager.of_distribution for package in facts.all(Package))
    return Passed(
        unfinished=not_judged,
        evidence=Evidence(
            statement=f"None of {packages} installed packages meets an advisory for {distribution}.",
            because=tuple(
                Evidence(statement=f"Advisories of {feed} were in force.", source=fingerprint)
                for feed, fingerprint in sorted(context.advisories.fingerprints.items())
            ),
        ),
    )


def _split(matches: Iterable[Match], *, single: bool) -> tuple[list[Match], list[Match]]:
    """Return the matches that are findings of their CVE, and those of by-products; ``single`` keeps all as the former.

    Matches come by package: a package is looked up once.
    """
    code: list[Match] = []
    apart: list[Match] = []
    package, kept = None, code
    for match in matches:
        if match.package is not package:
            package = match.package
            kept = code if single or by_product_of(package) is None else apart
        kept.append(match)
    return code, apart


def _by_products(matches: Iterable[Match]) -> list[Detection]:
    """Return one detection for each by-product among the matched packages."""
    gathered: dict[Package, list[Match]] = {}
    for match in matches:
        gathered.setdefault(match.package, []).append(match)
    return [by_product_detection(found) for found in gathered.values()]


def _cases(facts: HostFacts, matches: Iterable[Match], context: RuleContext) -> list[Case]:
    gathered: dict[str, list[Match]] = {}
    exposure = HostExposure(facts)
    for match in matches:
        for identity in match.identities:
            gathered.setdefault(identity, []).append(match)
    return [
        case_of(identity, tuple(matches), exposure.of_matches(matches), context.advisories, facts)
        for identity, matches in sorted(gathered.items())
    ]


def _detection(case: Case) -> Detection:
    return Detection(subject=case.identity, body=vulnerable_packages(case))


RULE: Final = Rule(
    name="known_vulnerabilities",
    title="Common vulnerabilities and exposures",
    severity=Severity.UNDEFINED,
    description="An installed package has a vulnerability that its distribution has published.",
    recommendation="Update the package to the version the advisory names.",
    reads=(Package, ContainerRoot, OperatingSystem, Kernel, Process, CodeModule, ListeningPort),
    judges_packages=True,
    sensors=("os_release", *MANAGERS, *(manager.value for manager in REGISTRIES), "containers"),
    attributes=(
        "CVE_ID",
        "package_name",
        "package_version",
        "fixed_version",
        "PACKAGES_OMITTED",
        "ADVISORY_ID",
        "ADVISORIES_OMITTED",
        "ADVISORY_FEED",
        "FEEDS_OMITTED",
        "VENDOR_PRIORITY",
        *(f"CVSS{generation}_{part}*" for generation in (2, 3, 4) for part in ("SCORE", "VECTOR", "ORIGIN")),
        "CWE",
        "CWES_OMITTED",
        "CVE_STATE",
        "EPSS_PROBABILITY",
        "EPSS_PERCENTILE",
        "EPSS_DATE",
        "KEV_ADDED",
        "KEV_DUE",
        "KEV_RANSOMWARE",
        "EXPOSURE",
        "BY_PRODUCT",
        "CLOSED_CVES",
        "UNFIXED_CVES",
    ),
    evaluate=evaluate,
)
