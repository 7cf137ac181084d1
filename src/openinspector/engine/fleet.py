"""Judges the packages of many hosts: each distinct part is judged once.

Hosts of a fleet differ in few packages. Three caches use that, each keyed by the inputs of the conclusion:

1. **Packages.** Whether any advisory affects an ordinary package depends on the package and the host's release. Most
  packages are not affected, so a host is first reduced to the others.
2. **Groups.** Packages of one source share their vulnerabilities. The affected packages of a source, with their
  exposures, give a finished list of conclusions, one per vulnerability. Kernel packages form one group, which also
  depends on the running kernel.
3. **Merged cases.** The conclusion on a vulnerability of packages of several sources depends on their groups.

A package is recognised as an object where possible: a service that decodes equal records into one object saves the
comparison. This is only an optimization: equal packages are recognised too. `openinspector.testing.plain_cases` is the
obvious twin for differential tests.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Final, Generic, NamedTuple, TypeVar

from openinspector.engine.case import NO_FACTS, Case, case_of
from openinspector.engine.exposure import HostExposure
from openinspector.engine.kernel import subjects
from openinspector.engine.kernel_part import is_kernel_metapackage, is_kernel_package
from openinspector.engine.match import (
    MAX_MATCHES,
    AdvisoryIndex,
    Match,
    TooManyMatchesError,
    Unassessed,
    subject_order,
)
from openinspector.engine.streams import DistributionRelease, HostStreams, Unjudged, release_of
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Kernel, OperatingSystem, Package
from openinspector.model.record import Record

T = TypeVar("T")

MAX_HELD: Final = 2_000_000
"""Maximum number of cached packages and matches of one release; a full cache is emptied.

Hosts choose their packages.
"""

_MAX_RELEASES: Final = 1000
"""Maximum number of cached releases; a full cache is emptied. Hosts choose their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclude(Generic[T]):
    """How a rule turns matches into its own values."""

    of_case: Callable[[Case], T]
    of_by_product: Callable[[tuple[Match, ...]], T]
    """Called with every match of one package that is set apart."""
    is_by_product: Callable[[Package], bool]
    """Return True for a package that is set apart: its matches are part of no case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostConclusions(Generic[T]):
    """Conclusions on one host."""

    conclusions: tuple[T, ...]
    """Conclusions of cases by identity, then those of by-products by package."""
    unassessed: tuple[Unassessed, ...]
    """The distribution's packages that no advisory may judge, as collected."""
    others: tuple[Package, ...]
    """Packages that are not the distribution's, as collected."""


_Order = tuple[str, ...]


class _Relevant(NamedTuple):
    """A package that may be affected, on every host of its release."""

    package: Package
    of_distribution: bool = True
    reason: Unjudged | None = None
    of_kernel: bool = False
    """True if the running kernel decides about it, or if it names the kernel to install."""
    order: _Order = ()
    matches: tuple[Match, ...] = ()


class _Group(NamedTuple, Generic[T]):
    """The vulnerabilities of the packages of one source, or of a host's kernel packages."""

    found: dict[str, list[tuple[_Order, Match]]]
    """By identity, sorted; matches in the order of packages."""
    concluded: dict[str, T]
    """Conclusions made so far by identity, each as if no other group had the identity."""
    finished: list[tuple[str, T]]
    """Identity and conclusion of all; empty until a host shares no identity of the group with another group."""
    by_products: list[tuple[_Order, T]]
    kernel: HostFacts
    relevant: tuple[_Relevant, ...]
    """Kept alive, because their `id` is the key of the group."""


class _Release(Generic[T]):
    """Cache of one release. A full cache is replaced by an empty one."""

    def __init__(self, streams: HostStreams) -> None:
        self.streams = streams
        self.by_object: dict[int, _Relevant | None] = {}
        """By the `id` of packages that ``by_value`` keeps; None: not affected."""
        self.by_value: dict[Package, _Relevant | None] = {}
        self.groups: dict[tuple[object, ...], _Group[T]] = {}
        self.merged: dict[tuple[object, ...], T] = {}
        self.weight = 0
        """Packages, matches and conclusions held."""


class FleetJudge(Generic[T]):
    """Returns the conclusions of one rule on hosts, by one index."""

    def __init__(self, index: AdvisoryIndex, conclude: Conclude[T]) -> None:
        self._index = index
        self._conclude = conclude
        self._releases: dict[DistributionRelease, _Release[T]] = {}

    def judge(self, facts: HostFacts) -> HostConclusions[T]:
        """Return the conclusions on one host; ModelError and TooManyMatchesError as `AdvisoryIndex.matches`."""
        release = self._release(release_of(facts))
        found = self._relevant_packages(release, facts.all(Package))
        if sum(len(one.matches) for one in found) > MAX_MATCHES:
            raise TooManyMatchesError
        by_source: dict[str, list[_Relevant]] = {}
        kernels: list[_Relevant] = []
        for one in found:
            if one.matches:
                by_source.setdefault(one.package.source_name, []).append(one)
            elif one.of_kernel:
                kernels.append(one)
        exposure = HostExposure(facts)
        groups = [self._group(release, same_source, exposure) for same_source in by_source.values()]
        if kernels and release.streams.known:
            groups.append(self._kernel_group(release, kernels, exposure, facts))
        return HostConclusions(
            conclusions=self._conclusions(release, groups, exposure) if groups else (),
            unassessed=tuple(Unassessed(one.package, one.reason) for one in found if one.reason is not None),
            others=tuple(one.package for one in found if not one.of_distribution),
        )

    def _release(self, name: DistributionRelease) -> _Release[T]:
        release = self._releases.get(name)
        if len(self._releases) > _MAX_RELEASES:
            self._releases = {}
        if release is None or release.weight > MAX_HELD:
            release = self._releases[name] = _Release(self._index.host_streams(name))
        return release

    def _relevant_packages(self, release: _Release[T], packages: tuple[Package, ...]) -> list[_Relevant]:
        """Return the packages of a host that may be affected."""
        try:
            known = list(map(release.by_object.__getitem__, map(id, packages)))
        except KeyError:
            known = self._look_up(release, packages)
        return [one for one in known if one is not None]

    def _look_up(self, release: _Release[T], packages: tuple[Package, ...]) -> list[_Relevant | None]:
        found: list[_Relevant | None] = []
        matches = 0
        for package in packages:
            if package in release.by_value:
                one = release.by_value[package]
            else:
                one = release.by_value[package] = self._new_relevant(release, package)
                # In this order: an object is found by its id only while ``by_value`` keeps it.
                release.by_object[id(package)] = one
                release.weight += 1 + (len(one.matches) if one else 0)
            found.append(one)
            matches += len(one.matches) if one else 0
            if matches > MAX_MATCHES:
                raise TooManyMatchesError
        return found

    def _new_relevant(self, release: _Release[T], package: Package) -> _Relevant | None:
        if not package.manager.of_distribution:
            return _Relevant(package, of_distribution=False)
        reason = self._index.reason_unassessed(release.streams, package)
        of_kernel = is_kernel_package(package) or is_kernel_metapackage(package)
        if of_kernel or reason is not None or not release.streams.known:
            return _Relevant(package, reason=reason, of_kernel=of_kernel) if of_kernel or reason is not None else None
        (subject,) = subjects(_only(package)).judged
        matches = self._index.matches_of(release.streams, subject)
        return _Relevant(package, order=subject_order(subject), matches=matches) if matches else None

    def _group(self, release: _Release[T], relevant: list[_Relevant], exposure: HostExposure) -> _Group[T]:
        exposures = tuple(exposure.of_package(one.package.name) for one in relevant) if exposure.known else ()
        key = (exposures, *map(id, relevant))
        group = release.groups.get(key)
        if group is None:
            group = release.groups[key] = self._new_group(
                [(one.order, one.package, one.matches) for one in relevant], NO_FACTS, tuple(relevant)
            )
            release.weight += sum(map(len, group.found.values()))
        return group

    def _kernel_group(
        self, release: _Release[T], relevant: list[_Relevant], exposure: HostExposure, facts: HostFacts
    ) -> _Group[T]:
        kernel = _kernel_facts(facts, [one.package for one in relevant])
        exposures = tuple(exposure.of_package(one.package.name) for one in relevant)
        key = (exposures, kernel.all(OperatingSystem), kernel.all(Kernel), *map(id, relevant))
        group = release.groups.get(key)
        if group is None:
            found = subjects(kernel)
            judged = []
            count = 0
            for subject in found.judged:
                matches = self._index.matches_of(release.streams, subject, found.idle)
                judged.append((subject_order(subject), subject.package, matches))
                count += len(matches)
                if count > MAX_MATCHES:
                    raise TooManyMatchesError
            group = release.groups[key] = self._new_group(judged, kernel, tuple(relevant))
            release.weight += sum(map(len, group.found.values()))
        return group

    def _new_group(
        self,
        judged: list[tuple[_Order, Package, tuple[Match, ...]]],
        kernel: HostFacts,
        relevant: tuple[_Relevant, ...],
    ) -> _Group[T]:
        found: dict[str, list[tuple[_Order, Match]]] = {}
        by_products: list[tuple[_Order, T]] = []
        for order, package, matches in sorted(judged, key=itemgetter(0)):
            if matches and self._conclude.is_by_product(package):
                by_products.append((order, self._conclude.of_by_product(matches)))
                continue
            for match in matches:
                for identity in match.identities:
                    found.setdefault(identity, []).append((order, match))
        by_identity = {identity: found[identity] for identity in sorted(found)}
        return _Group(by_identity, {}, [], by_products, kernel, relevant)

    def _of_case(
        self, identity: str, found: list[tuple[_Order, Match]], exposure: HostExposure, kernel: HostFacts
    ) -> T:
        matches = tuple(match for _, match in found)
        return self._conclude.of_case(case_of(identity, matches, exposure.of_matches(matches), self._index, kernel))

    def _conclusions(self, release: _Release[T], groups: list[_Group[T]], exposure: HostExposure) -> tuple[T, ...]:
        several: frozenset[str] = frozenset()
        if len(set().union(*(group.found for group in groups))) < sum(len(group.found) for group in groups):
            counts = Counter(chain.from_iterable(group.found for group in groups))
            several = frozenset(identity for identity, count in counts.items() if count > 1)
        finished: list[tuple[str, T]] = []
        for group in groups:
            finished += self._finished(group, several, exposure)
        if several:
            finished += self._merged(release, groups, several, exposure)
        finished.sort(key=itemgetter(0))
        by_products = sorted(chain.from_iterable(group.by_products for group in groups), key=itemgetter(0))
        return (*map(itemgetter(1), finished), *map(itemgetter(1), by_products))

    def _finished(self, group: _Group[T], several: frozenset[str], exposure: HostExposure) -> Iterable[tuple[str, T]]:
        """Return identity and conclusion of each vulnerability that only this group of the host has."""
        alone = not several or several.isdisjoint(group.found)
        if alone and group.finished:
            return group.finished
        for identity, matches in group.found.items():
            if identity not in group.concluded and identity not in several:
                group.concluded[identity] = self._of_case(identity, matches, exposure, group.kernel)
        if not alone:
            return [(identity, group.concluded[identity]) for identity in group.found if identity not in several]
        if not group.finished:
            # One assignment: hosts of other runs may be judged meanwhile.
            group.finished[:] = [(identity, group.concluded[identity]) for identity in group.found]
        return group.finished

    def _merged(
        self, release: _Release[T], groups: list[_Group[T]], several: frozenset[str], exposure: HostExposure
    ) -> Iterable[tuple[str, T]]:
        """Yield identity and conclusion of each vulnerability that several groups have."""
        sharing: dict[str, list[_Group[T]]] = {}
        for group in groups:
            for identity in several.intersection(group.found):
                sharing.setdefault(identity, []).append(group)
        for identity, having in sharing.items():
            key = (identity, *map(id, having))
            if key not in release.merged:
                found = sorted(chain.from_iterable(group.found[identity] for group in having), key=itemgetter(0))
                kernel = next((group.kernel for group in having if group.kernel is not NO_FACTS), NO_FACTS)
                release.merged[key] = self._of_case(identity, found, exposure, kernel)
                release.weight += len(found)
            yield identity, release.merged[key]


def _only(package: Package) -> HostFacts:
    return HostFacts(agent_id="", records={Package: (package,)}, sensors={})


def _kernel_facts(facts: HostFacts, packages: list[Package]) -> HostFacts:
    """Return the facts that decide about a host's kernel packages, without anything specific to this host."""
    records: dict[type[object], tuple[Record, ...]] = {Package: tuple(packages)}
    system = facts.only(OperatingSystem)
    if system is not None:
        records[OperatingSystem] = (
            OperatingSystem(
                id=system.id,
                version_id=system.version_id,
                kernel_release=system.kernel_release,
                kernel_version=system.kernel_version,
            ),
        )
    running = [Kernel(release=kernel.release, running=True) for kernel in facts.all(Kernel) if kernel.running]
    records[Kernel] = tuple(running[:1])
    return HostFacts(agent_id="", records=records, sensors={})
