"""Packages that the vulnerability rule cannot assess, as exclusions: each names its reason and counts the packages."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from openinspector.engine.completeness import unable, unseen
from openinspector.engine.match import AdvisoryIndex, Unassessed
from openinspector.engine.rule import RuleContext, Unable
from openinspector.engine.streams import Unjudged, release_of
from openinspector.model.exclusion import ExclusionKind
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import ContainerRoot, Package, PackageManager, SensorState

MANAGERS: Final = tuple(manager.value for manager in PackageManager if manager.of_distribution)
"""Sensors of the distributions' package databases."""
REGISTRIES: Final = {PackageManager.PYPI: "PyPI", PackageManager.NPM: "npm", PackageManager.GEM: "RubyGems"}
_LISTED: Final = 5
"""Maximum number of packages named for each reason; all are counted."""
_UNJUDGED: Final = {
    Unjudged.FOREIGN_VENDOR: "built by another vendor",
    Unjudged.FOREIGN_REPOSITORY: "of another repository",
    Unjudged.UNKNOWN_REPOSITORY: "of one of several repositories, not recorded which",
    Unjudged.UNKNOWN_MODULE: "of a module that is not recorded",
    Unjudged.UNORDERED_VERSION: "with a version that cannot be ordered",
}


def not_covered(distribution: str, context: RuleContext) -> Unable:
    """Return the exclusion of a host whose distribution has no advisories; it names the distributions that have."""
    known = sorted(context.advisories.streams)
    reason = f"No advisory speaks of {distribution}. " + (
        f"Advisories are loaded for {', '.join(known[:20])}." if known else "No advisories are loaded."
    )
    return Unable(
        kind=ExclusionKind.RULES_PACKAGE_NOT_SUPPORTED_BY_OS,
        reason=reason,
        recommendation="Load the feed of the host's distribution (openinspector feeds sync), or leave this rules "
        "package out of templates for such hosts.",
    )


def not_assessed(facts: HostFacts, unassessed: Sequence[Unassessed], others: Iterable[Package]) -> Unable | None:
    """Return the exclusion for packages that no advisory of the distribution covers; None without such packages.

    ``others`` are the packages that are not the distribution's.
    """
    counts = Counter(package.manager for package in others if not package.owner)
    counted = [
        f"{counts[manager]} {name} package{'s' * (counts[manager] != 1)}"
        for manager, name in REGISTRIES.items()
        if counts[manager]
    ]
    foreign = _unassessed(unassessed)
    containers = both(foreign, _containers(facts)) if foreign is not None else _containers(facts)
    if not counted:
        return containers
    registries = Unable(
        kind=ExclusionKind.REGISTRY_PACKAGES,
        reason=f"{', '.join(counted)} not installed by the distribution. No advisories are loaded for them.",
        recommendation="Audit these packages with the registry's own command, such as `npm audit`. "
        "`openinspector agent collect --dry-run` on the host lists them with their folders.",
    )
    return both(registries, containers)


def without_own_feed(facts: HostFacts, index: AdvisoryIndex) -> Unable | None:
    """Return the exclusion of a host that only other distributions' or extensions' advisories are loaded for."""
    if not index.covers(facts.distribution) or not index.host_streams(release_of(facts)).lacks_general:
        return None
    return unable(
        f"No advisory of {facts.distribution} itself is loaded. Others speak for some of its packages; what its own "
        "feed would report is missing.",
        "Load the feed of the host's distribution: openinspector feeds sync.",
    )


def either(first: Unable | None, second: Unable | None) -> Unable | None:
    """Return both reasons as one outcome, or the only one."""
    return both(first, second) if first is not None else second


def _unassessed(found: Sequence[Unassessed]) -> Unable | None:
    """Return the exclusion for packages that the distribution's advisories do not cover; None if they cover all."""
    if not found:
        return None
    by_reason: dict[Unjudged, list[str]] = {}
    for package, reason in found:
        by_reason.setdefault(reason, []).append(f"{package.name} {package.version}")
    listed = "; ".join(
        f"{len(names)} {_UNJUDGED[reason]} ({', '.join(names[:_LISTED])}{', …' if len(names) > _LISTED else ''})"
        for reason, names in by_reason.items()
    )
    return unable(
        f"Packages that the distribution's advisories do not cover are not assessed: {listed}.",
        "Check these packages with their vendor's own advisories.",
    )


def _containers(facts: HostFacts) -> Unable | None:
    """Return the exclusion for running containers, whose packages are not the host's; None without containers."""
    found = facts.all(ContainerRoot)
    if not found:
        return None
    listed = ", ".join(f"{root.system or 'unknown'} (process {root.process_id})" for root in found[:10])
    return Unable(
        kind=ExclusionKind.CONTAINER_PACKAGES,
        reason=f"{sum(root.packages for root in found)} packages in "
        f"{len(found)} running container{'s' * (len(found) != 1)}: "
        f"{listed}{', …' if len(found) > 10 else ''}.",  # noqa: PLR2004 - as many as are listed
        recommendation="Scan each container on the host: `openinspector scan --root /proc/PROCESS/root`.",
    )


def both(first: Unable, second: Unable | None) -> Unable:
    """Return both reasons as one outcome; each keeps its kind."""
    if second is None:
        return first
    return replace(first, also=(*first.also, replace(second, also=()), *second.also))


def unread_databases(facts: HostFacts) -> Unable | None:
    """Return the exclusion for package databases that were not read completely; None if all were."""
    if any(name in facts.sensors and facts.sensors[name].state is SensorState.OK for name in MANAGERS):
        return unseen(facts, MANAGERS)
    return unseen(facts, MANAGERS) or unable(
        "No package database was read on the host.",
        f"Hosts are assessed through the databases of {', '.join(MANAGERS)}; the agent found none of them.",
    )
