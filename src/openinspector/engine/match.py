"""Installed packages × advisories, indexed by distribution and package name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from openinspector.model.advisory import Advisory, AffectedPackage
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Package
from openinspector.version import VersionScheme


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An installed package that meets an advisory's range."""

    package: Package
    advisory: Advisory
    affected: AffectedPackage


class AdvisoryIndex:
    """The advisories in force for one evaluation, and which feed versions they came from."""

    def __init__(
        self,
        advisories: Iterable[Advisory],
        *,
        schemes: Mapping[str, VersionScheme],
        fingerprints: Mapping[str, str],
    ) -> None:
        self.fingerprints: Mapping[str, str] = MappingProxyType(dict(fingerprints))
        self.schemes = schemes
        self.distributions: frozenset[str] = frozenset(
            affected.distribution for advisory in advisories for affected in advisory.affected
        )

    @classmethod
    def empty(cls) -> "AdvisoryIndex":
        """Return an index that knows no advisory and covers no distribution."""
        return cls((), schemes={}, fingerprints={})

    def covers(self, distribution: str) -> bool:
        """Say whether any feed speaks for ``<ID>:<VERSION_ID>``."""
        return distribution in self.distributions

    def matches(self, facts: HostFacts) -> tuple[Match, ...]:
        """Return every (package, advisory) of the host that meets, in a fixed order."""
        raise NotImplementedError
