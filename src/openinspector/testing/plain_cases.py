"""The obvious way to compute the cases of a host: the twin of `openinspector.engine.fleet` for differential tests.

It groups every match of the host by identity, without caches.
"""

from collections.abc import Callable

from openinspector.engine.case import Case, case_of
from openinspector.engine.exposure import HostExposure
from openinspector.engine.match import AdvisoryIndex, Match
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Package


def plain_cases(
    facts: HostFacts, index: AdvisoryIndex, is_by_product: Callable[[Package], bool]
) -> tuple[list[Case], list[tuple[Match, ...]]]:
    """Return the cases of a host by identity, and the matches of each by-product by package."""
    exposure = HostExposure(facts)
    gathered: dict[str, list[Match]] = {}
    apart: dict[Package, list[Match]] = {}
    for match in index.matches(facts):
        if is_by_product(match.package):
            apart.setdefault(match.package, []).append(match)
            continue
        for identity in match.identities:
            gathered.setdefault(identity, []).append(match)
    cases = [
        case_of(identity, tuple(matches), exposure.of_matches(matches), index, facts)
        for identity, matches in sorted(gathered.items())
    ]
    return cases, [tuple(matches) for matches in apart.values()]
