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

from collections.abc import Callable
from typing import Final

from openinspector.engine.by_products import by_product_detection, by_product_of
from openinspector.engine.case import Case
from openinspector.engine.completeness import unable, unseen
from openinspector.engine.fleet import Conclude, FleetJudge
from openinspector.engine.match import AdvisoryIndex, TooManyMatchesError
from openinspector.engine.not_assessed import (
    MANAGERS,
    REGISTRIES,
    both,
    either,
    not_assessed,
    not_covered,
    unread_databases,
    without_own_feed,
)
from openinspector.engine.rating import RATING_ATTRIBUTES
from openinspector.engine.rule import Detected, Detection, Outcome, Passed, Rule, RuleContext
from openinspector.engine.vulnerable_packages import BodyMaker
from openinspector.model.activity import CodeModule, Process
from openinspector.model.evidence import Evidence
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
    index = context.advisories
    try:
        judged = index.once(_judge_singly if context.single_by_products else _judge).judge(facts)
    except TooManyMatchesError as error:
        return _too_many(error)
    not_judged = either(without_own_feed(facts, index), not_assessed(facts, judged.unassessed, judged.others))
    if not index.covers(distribution):
        return both(not_covered(distribution, context), not_judged)
    unread = unread_databases(facts)
    unfinished = both(unread, not_judged) if unread else not_judged
    if judged.conclusions:
        return Detected(detections=judged.conclusions, unfinished=unfinished)
    if unread is not None:
        return both(unread, not_judged)
    packages = len(facts.all(Package)) - len(judged.others)
    return Passed(
        unfinished=not_judged,
        evidence=Evidence(
            statement=f"None of {packages} installed packages meets an advisory for {distribution}.",
            because=tuple(
                Evidence(statement=f"Advisories of {feed} were in force.", source=fingerprint)
                for feed, fingerprint in sorted(index.fingerprints.items())
            ),
        ),
    )


def _judge(index: AdvisoryIndex) -> FleetJudge[Detection]:
    """Return the judge of an index: by-products are one detection each."""
    return FleetJudge(index, _conclude(lambda package: by_product_of(package) is not None))


def _judge_singly(index: AdvisoryIndex) -> FleetJudge[Detection]:
    """Return the judge of an index: a by-product is part of each CVE's detection."""
    return FleetJudge(index, _conclude(lambda _: False))


def _conclude(is_by_product: Callable[[Package], bool]) -> Conclude[Detection]:
    bodies = BodyMaker()

    def of_case(case: Case) -> Detection:
        return Detection(subject=case.identity, body=bodies.body_of(case))

    return Conclude(of_case=of_case, of_by_product=by_product_detection, is_by_product=is_by_product)


def _too_many(error: TooManyMatchesError) -> Outcome:
    return unable(
        f"Vulnerabilities were not assessed: {error}.",
        "No installation has so many builds of packages. Compare the host's package database with what "
        "`openinspector agent collect --dry-run` sends.",
    )


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
        "ADVISORY_FEED_DATE",
        "VENDOR_PRIORITY",
        *RATING_ATTRIBUTES,
        "EXPOSURE",
        "BY_PRODUCT",
        "CLOSED_CVES",
        "UNFIXED_CVES",
    ),
    evaluate=evaluate,
    linux_only=True,
)
