"""Statements about one package name of one stream, and their conclusions on an installed package."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from openinspector.engine.streams import ApplicableStream, flavour_of, minor_branch
from openinspector.model.advisory import NOT_MODULAR, Advisory, Fix, FixState, Status, Target
from openinspector.model.inventory import Package


class ComparedStatement(NamedTuple):
    """A statement that names an installed package, whether or not it applies."""

    advisory: Advisory
    statement: Fix | Status
    version: str
    """The version compared."""
    reached: bool
    """For a fix: True if that version has it."""
    applies: bool


def module_stream(label: str) -> str:
    """Return ``name:stream`` of an rpm's modularity label, empty for a package of no module."""
    return ":".join(label.split(":")[:2])


def applies(target: Target, package: Package) -> bool:
    """Return True if a statement's architectures, module and flavour include the package.

    A package without a recorded architecture is included; a modular build without its module is not.
    """
    if target.architectures and package.architecture and package.architecture not in target.architectures:
        return False
    if target.flavour != flavour_of(package):
        return False
    if target.module == NOT_MODULAR:
        return not package.module and ".module" not in package.version
    return not target.module or module_stream(package.module) == target.module


class Entry(NamedTuple):
    """One statement with the sort keys of its versions."""

    advisory: Advisory
    statement: Fix | Status
    identities: tuple[str, ...]
    fixed: bytes = b""
    introduced: bytes = b""
    branch: str = ""
    """Minor release that the fixed build was made for (`minor_branch`)."""


class Bucket(NamedTuple):
    """All statements about one package name of one stream: fixes by rising version, then statuses."""

    keys: tuple[bytes, ...]
    fixes: tuple[Entry, ...]
    affected: tuple[Entry, ...]
    denials: tuple[Entry, ...]
    unknown: tuple[Entry, ...]


class Hit(NamedTuple):
    """An entry that says affected, and the vulnerabilities concerned."""

    entry: Entry
    identities: tuple[str, ...]
    version: str
    inherited: bool

    @property
    def state(self) -> FixState | None:
        """The state of a status; None for a fix."""
        return self.entry.statement.state if isinstance(self.entry.statement, Status) else None


class StreamStatements:
    """One stream's statements about one package."""

    def __init__(self, stream: ApplicableStream, package: Package, buckets: list[tuple[Bucket, bytes, str]]) -> None:
        self._stream = stream
        self._package = package
        self._buckets = buckets
        self._known: dict[int, bool] = {}

    def affecting(self) -> Iterable[Hit]:
        """Yield the statements that say affected, each with its vulnerabilities."""
        denied = self._identities(entry for bucket, _, _ in self._buckets for entry in bucket.denials)
        denied |= self._reached_in_branch()
        fixed: frozenset[str] | set[str] = frozenset()
        if any(bucket.affected for bucket, _, _ in self._buckets):
            fixed = self._fixed()
        for bucket, key, version in self._buckets:
            newer = bucket.fixes[bisect_right(bucket.keys, key) :] if self._stream.fixes else ()
            for entry in newer:
                if entry.introduced <= key and self._applies(entry):
                    yield from self._hit(entry, denied, version)
            for entry in bucket.affected:
                if self._applies(entry):
                    yield from self._hit(entry, denied | fixed, version)

    def compared(self) -> Iterable[ComparedStatement]:
        """Yield every statement, whether or not it applies."""
        for bucket, key, version in self._buckets:
            fixes = bucket.fixes if self._stream.fixes else ()
            for entry in (*fixes, *bucket.affected, *bucket.denials, *bucket.unknown):
                yield ComparedStatement(
                    entry.advisory, entry.statement, version, entry.fixed <= key, self._applies(entry)
                )

    def mentioned(self) -> set[str]:
        """Return every vulnerability of the package about which the stream states more than the end of support."""
        statuses = (
            entry
            for bucket, _, _ in self._buckets
            for entry in (*bucket.affected, *bucket.denials, *bucket.unknown)
            if not (isinstance(entry.statement, Status) and entry.statement.state is FixState.END_OF_LIFE)
        )
        return self._identities(statuses) | self._fixed()

    def _fixed(self) -> set[str]:
        if not self._stream.fixes:
            return set()
        return self._identities(entry for bucket, _, _ in self._buckets for entry in bucket.fixes)

    def _reached_in_branch(self) -> set[str]:
        """Return the vulnerabilities that a fix made for the build's own minor release has closed."""
        branch = minor_branch(self._package.version)
        if not branch or not self._stream.fixes:
            return set()
        return self._identities(
            entry
            for bucket, key, _ in self._buckets
            for entry in bucket.fixes[: bisect_right(bucket.keys, key)]
            if entry.branch == branch
        )

    def _identities(self, entries: Iterable[Entry]) -> set[str]:
        return {identity for entry in entries if self._applies(entry) for identity in entry.identities}

    def _applies(self, entry: Entry) -> bool:
        target = entry.statement.target
        known = self._known.get(id(target))
        if known is None:
            known = self._known[id(target)] = applies(target, self._package)
        return known

    def _hit(self, entry: Entry, cleared: set[str] | frozenset[str], version: str) -> Iterable[Hit]:
        left = tuple(identity for identity in entry.identities if identity not in cleared)
        if left:
            yield Hit(entry, left, version, self._stream.inherited)


def bucket_of(entries: Iterable[Entry]) -> Bucket:
    """Return the bucket of these entries."""
    fixes, affected, denials, unknown = [], [], [], []
    for entry in entries:
        match entry.statement:
            case Fix():
                fixes.append(entry)
            case Status(state=FixState.NOT_AFFECTED):
                denials.append(entry)
            case Status(state=FixState.UNDER_INVESTIGATION):
                unknown.append(entry)
            case Status():
                affected.append(entry)
    fixes.sort(key=lambda entry: entry.fixed)
    return Bucket(
        keys=tuple(entry.fixed for entry in fixes),
        fixes=tuple(fixes),
        affected=tuple(affected),
        denials=tuple(denials),
        unknown=tuple(unknown),
    )
