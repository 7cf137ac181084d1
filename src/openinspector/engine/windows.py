"""Vulnerabilities of a Windows host: its running build × Microsoft's statements about its product.

Cumulative updates contain all before them. A host has the fix of a vulnerability if and only if the revision of its
build (UBR) is at least that of the first fixed build of its branch. Rules:

1. A statement applies to the host if its product is the host's by build and installation type, and its architectures
  include the host's. Names that the host gives itself decide nothing.
2. If one record states several builds for the product, the smallest counts.
3. A product without a usable build is unknown: counted, neither found nor passed.
4. Before Windows 10, updates that fix security alone do not raise the revision. There a vulnerability is fixed too if
   an update that fixes it is installed, or one that supersedes it. Microsoft leaves some supersedences out: that may
   leave a finding, never hide one.
5. An update that is staged or waits for a restart is not installed: the finding stands and says "restart".
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from openinspector.engine.match import AdvisoryIndex
from openinspector.model.advisory import Advisory, Fix, Restart, Status, Target, VendorUpdate
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import OperatingSystem
from openinspector.model.windows import WindowsHotfix, WindowsInstallation
from openinspector.model.windows_release import (
    SERVER_CORE,
    CoreStatements,
    InstallationType,
    WindowsProduct,
    WindowsVersion,
    architecture_named,
    is_server_name,
    only_installation,
    parse_windows_version,
    products_of,
)

_SERVICE_PACK_ERA: Final = 10
"""Major version from which on every update raises the revision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedWindows:
    """The facts of a host that decide which statements apply to it."""

    version: WindowsVersion
    server: bool
    core: bool
    products: tuple[WindowsProduct, ...]
    """Empty for an unknown build: then all statements about servers, or about clients, of the branch count."""
    architecture: str
    assumed: str = ""
    """The source of the assumed installation type, if the host did not send it."""

    @property
    def title(self) -> str:
        """The product as Microsoft names it."""
        if self.products:
            return self.products[0].title
        return f"Windows {'Server ' if self.server else ''}build {self.version.build}"

    def concerns(self, target: Target) -> bool:
        """Return True if statements about ``target`` apply to the host."""
        if target.architectures and self.architecture and self.architecture not in target.architectures:
            return False
        return self.is_product(target)

    def is_product(self, target: Target) -> bool:
        """Return True if ``target`` is the host's product, on whatever architecture."""
        if not self.products:
            return is_server_name(target.name) == self.server and self._fits_core(CoreStatements.MERGED, target)
        return any(one.title == target.name and self._fits_core(one.core, target) for one in self.products)

    def _fits_core(self, statements: CoreStatements, target: Target) -> bool:
        of_core = target.flavour == SERVER_CORE
        match statements:
            case CoreStatements.OWN:
                return of_core == self.core
            case CoreStatements.MERGED:
                return self.core or not of_core
            case CoreStatements.ONLY:
                return True


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsMatch:
    """A vulnerability that the host has."""

    vulnerability: str
    advisory: Advisory
    fix: Fix
    fixed: WindowsVersion
    """First build that has the fix."""
    remedies: tuple[VendorUpdate, ...] = ()
    """Updates that bring the fix, where the monthly documents are loaded."""
    waiting: WindowsHotfix | None = None
    """An update with the fix that is staged or waits for a restart."""

    @property
    def needs_restart(self) -> bool:
        """Return False if Microsoft says of every update with the fix that it needs none."""
        return not self.remedies or any(one.restart is not Restart.NONE for one in self.remedies)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownBuild:
    """A vulnerability of the host's product for which no usable build is published."""

    vulnerability: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsAssessment:
    """The conclusion about one host."""

    host: JudgedWindows
    matches: tuple[WindowsMatch, ...]
    unknown: tuple[UnknownBuild, ...]
    other_architectures: tuple[str, ...]
    """Vulnerabilities stated for the host's product, but only on other architectures."""
    fixed: int
    """Vulnerabilities that the host does not have: its build has the fix, or is older than the fault."""
    newest: str
    """Day of the newest record that names the host's product; empty without one."""
    newest_of_branch: str
    """Day of the newest record that names any product of the branch."""


def windows_host(facts: HostFacts) -> JudgedWindows | None:
    """Return the facts that decide about the host; None if its version is unknown. Its revision may be unknown."""
    system, installed = facts.only(OperatingSystem), facts.only(WindowsInstallation)
    if system is None:
        return None
    texts = (system.kernel_version, system.version_id)
    version = next((found for text in texts if (found := parse_windows_version(text)) is not None), None)
    if version is None:
        return None
    kind = _installation(installed.installation_type if installed else "")
    only = only_installation(version)
    assumed = ""
    if kind is not None:
        server = kind.is_server
    elif only is not None:
        server = only
    else:
        server = is_server_name(system.name)
        assumed = f"the host sent no installation type and calls itself {system.name or 'nothing'}"
    return JudgedWindows(
        version=version,
        server=server,
        core=kind is InstallationType.SERVER_CORE,
        products=products_of(version, server=server),
        architecture=architecture_named(system.architecture) or system.architecture,
        assumed=assumed,
    )


def assess_windows(facts: HostFacts, host: JudgedWindows, index: AdvisoryIndex) -> WindowsAssessment:
    """Return the vulnerabilities of the host. Its revision must be known."""
    stream = host.version.stream
    hotfixes = facts.all(WindowsHotfix)
    remedies = _remedies(host, index.remedies_of(stream))
    installed = _Installed(hotfixes, index.remedies_of(stream)) if host.version.major < _SERVICE_PACK_ERA else None
    matches: dict[str, WindowsMatch] = {}
    unknown: dict[str, UnknownBuild] = {}
    elsewhere: set[str] = set()
    fixed: set[str] = set()
    days = [""]
    for advisory, statements in _by_advisory(host, index.statements_of(stream)):
        days.append(advisory.published)
        fitting = [one for one in statements if host.concerns(one.target)]
        first = _first_fix(fitting)
        for identity in advisory.identities:
            if first is None and fitting:
                unknown[identity] = UnknownBuild(vulnerability=identity, word=_word(fitting))
            elif first is None:
                elsewhere.add(identity)
            elif _has(host, first) or (installed is not None and installed.fixes(remedies.get(identity, ()))):
                fixed.add(identity)
            else:
                matches[identity] = WindowsMatch(
                    vulnerability=identity,
                    advisory=advisory,
                    fix=first[1],
                    fixed=first[0],
                    remedies=tuple(remedies.get(identity, ())),
                    waiting=_waiting(hotfixes, first[0], remedies.get(identity, ())),
                )
    return WindowsAssessment(
        host=host,
        matches=tuple(matches[identity] for identity in sorted(matches)),
        unknown=tuple(unknown[identity] for identity in sorted(unknown)),
        other_architectures=tuple(sorted(elsewhere)),
        fixed=len(fixed),
        newest=max(days),
        newest_of_branch=max((one.published for one, _ in index.statements_of(stream)), default=""),
    )


def _installation(text: str) -> InstallationType | None:
    """Return the installation type of the registry's word; None for an unknown word.

    Nano Server, IoT and other servers are servers.
    """
    word = " ".join(text.split()).lower()
    known = {kind.value.lower(): kind for kind in InstallationType}
    return known.get(word) or (InstallationType.SERVER_CORE if "server" in word else None)


def _by_advisory(
    host: JudgedWindows, statements: Iterable[tuple[Advisory, Fix | Status]]
) -> Iterator[tuple[Advisory, Sequence[Fix | Status]]]:
    """Yield each advisory that names the host's product, with those statements."""
    gathered: dict[int, tuple[Advisory, list[Fix | Status]]] = {}
    for advisory, statement in statements:
        if host.is_product(statement.target):
            gathered.setdefault(id(advisory), (advisory, []))[1].append(statement)
    yield from gathered.values()


def _first_fix(statements: Iterable[Fix | Status]) -> tuple[WindowsVersion, Fix] | None:
    """Return the smallest fixed build and its statement; None without a fix."""
    fixes = [one for one in statements if isinstance(one, Fix)]
    builds = [(version, fix) for fix in fixes if (version := parse_windows_version(fix.version)) is not None]
    return min(builds, key=lambda one: one[0].revision or 0, default=None)


def _has(host: JudgedWindows, first: tuple[WindowsVersion, Fix]) -> bool:
    """Return True if the host's revision has the fix, or is older than the first affected build."""
    revision = host.version.revision_of_branch
    assert revision is not None
    introduced = parse_windows_version(first[1].introduced)
    if introduced is not None and introduced.revision is not None and revision < introduced.revision:
        return True
    return revision >= (first[0].revision or 0)


def _word(statements: Iterable[Fix | Status]) -> str:
    return next((one.word for one in statements if isinstance(one, Status)), "")


def _remedies(
    host: JudgedWindows, stated: Iterable[tuple[Advisory, VendorUpdate]]
) -> Mapping[str, Sequence[VendorUpdate]]:
    """Return the updates for the host's product by vulnerability, each once."""
    found: dict[str, dict[VendorUpdate, None]] = defaultdict(dict)
    for advisory, remedy in stated:
        if host.concerns(remedy.target):
            for identity in advisory.vulnerabilities:
                found[identity][remedy] = None
    return {identity: tuple(remedies) for identity, remedies in found.items()}


def _waiting(
    hotfixes: Iterable[WindowsHotfix], fixed: WindowsVersion, remedies: Iterable[VendorUpdate]
) -> WindowsHotfix | None:
    """Return an update that has the fix and is staged or installed, but not in force."""
    updates = {remedy.update for remedy in remedies}
    for hotfix in hotfixes:
        if hotfix.is_waiting and hotfix.kb in updates:
            return hotfix
        if (hotfix.is_waiting or hotfix.is_installed) and _reaches(hotfix.version, fixed):
            return hotfix
    return None


def _reaches(package_version: str, fixed: WindowsVersion) -> bool:
    """Return True if a rollup's version (``20348.2700.1.9``: build, revision) is at least the fixed build."""
    numbers = package_version.split(".")
    if len(numbers) < 2:  # noqa: PLR2004 - build and revision
        return False
    known = parse_windows_version(f"{fixed.major}.{fixed.minor}.{numbers[0]}.{numbers[1]}")
    return known is not None and known.branch == fixed.branch and (known.revision or 0) >= (fixed.revision or 0)


class _Installed:
    """The updates that a host has, with all that they supersede."""

    def __init__(self, hotfixes: Iterable[WindowsHotfix], stated: Iterable[tuple[Advisory, VendorUpdate]]) -> None:
        superseded: dict[str, set[str]] = defaultdict(set)
        for _, remedy in stated:
            superseded[remedy.update].update(remedy.supersedes)
        self._updates = _closure({one.kb for one in hotfixes if one.kb and one.is_installed}, superseded)

    def fixes(self, remedies: Iterable[VendorUpdate]) -> bool:
        """Return True if one of ``remedies`` is among them."""
        return any(remedy.update in self._updates for remedy in remedies)


def _closure(start: Collection[str], edges: Mapping[str, Collection[str]]) -> frozenset[str]:
    """Return everything that ``edges`` lead to from ``start``, with the start."""
    found, left = set(start), list(start)
    while left:
        for following in edges.get(left.pop(), ()):
            if following not in found:
                found.add(following)
                left.append(following)
    return frozenset(found)
