"""The package archives of Debian and Ubuntu as a source of advisories: indices of suites and changelogs of packages.

For a site with nothing but a package mirror. Documents, by name:

- ``<codename>-security/<component>/binary-<arch>/Packages``: the index of a security suite (deb822);
- ``<codename>/<component>/binary-<arch>/Packages``, ``<codename>-updates/…``: the indices of the release with its point
  releases, and of the updates in between;
- ``changelog/<source>/<version>``: the changelog (deb-changelog(5)) in a binary of this source version;
- ``…/InRelease``: leads to the indices.

Rules:

- The newest version of each source in a security suite is an advisory ``<source> <version>``, with the CVE ids its
  changelog entry names, or with none: a pending security update is always a finding.
- In the other suites only entries that name a CVE are advisories.
- Every older entry that names a CVE is a separate advisory, so that a host at any version gets the later fixes.
- A build contains every entry below its own. If an entry's version is newer than that of an entry above it, as in a
  rebuild for an older release (``2.0-1~deb12u1`` above ``2.0-1``), its fixes are credited to the older version.
- A CVE is fixed by the oldest entry that names it and that no newer entry reverts.
- An item that says that a CVE is *not* fixed, or does not apply, fixes nothing; one that reverts a fix cancels it.
- Entries more than a year older than the release are part of the release, and are left out.
- A binary rebuilt from the same source (``+b1``) is stated by its own name and version, which apt compares.
- Debian signs kernels in separate sources: ``linux-signed-amd64 6.1.123+1`` is ``linux 6.1.123-1``.
- The archive states no severities.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from openinspector.feed import Document, Feed, Source, Unparsed
from openinspector.model.advisory import Advisory, Fix, PackageKind, Target
from openinspector.model.debian_release import RELEASES
from openinspector.model.signed_kernel import signed_source
from openinspector.model.ubuntu_release import RELEASES as UBUNTU_RELEASES
from openinspector.versions.dpkg import SCHEME

NAME: Final = "debian_archive"
MIRROR: Final = "https://security.debian.org/debian-security"
CHANGELOG: Final = "changelog"
SUPPORTED: Final = ("bullseye", "bookworm", "trixie")
"""Releases whose security suites are fetched unless apt sources say otherwise."""

_FIELD: Final = re.compile(
    r"^(Package|Version|Source|Architecture|Filename|Size|SHA256):[ \t]*(.*?)[ \t\r]*$", re.MULTILINE
)
_SOURCE: Final = re.compile(r"([a-z0-9][a-z0-9+.-]*)(?:\s+\(([^()\s]+)\))?")
_SIGNED_VERSION: Final = re.compile(r"([0-9][0-9A-Za-z.:~-]*)\+([0-9]+(?:[~+.][0-9A-Za-z.~+]*)?)")
_REBUILD: Final = re.compile(r"(.+)\+b[0-9]+")
_INDEX_NAME: Final = re.compile(r"([a-z]+)(-security|-updates)?/(?:.+/)?Packages")
_CHANGELOG_NAME: Final = re.compile(CHANGELOG + r"/([^/]+)/([^/]+)")
_HEAD: Final = re.compile(r"([a-z0-9][a-z0-9+.-]*) \(([^()\s]+)\)((?:\s+[-+0-9A-Za-z.]+)+);.*", re.IGNORECASE)
_TRAILER: Final = re.compile(r" -- .*\s([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4})\b.*")
_ITEM: Final = re.compile(r"\s*[*+-]\s")
_ID: Final = re.compile(r"\bCVE[-_ ]([0-9]{4})[-_]([0-9]{4,})", re.IGNORECASE)
_IDS: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}(?:(?:[\s,;&/+]|and|or)+CVE-[0-9]{4}-[0-9]{4,})*")
_NEAR: Final = 60
"""Characters around a list of ids that are searched for a statement that they are not fixed."""
_REVERTED: Final = re.compile(r"\b(?:revert\w*|back(?:ed|s|ing)? out)\b[^.;]*$", re.IGNORECASE)
"""Words before a list of ids that say that their fix is reverted."""
_NOT_BEFORE: Final = re.compile(
    r"(?:\bnot (?:yet )?(?:affect|vulnerable|exposed|fix|address)|\bunaffected|\bunfixed"
    r"|\bdoesn't (?:fix|address|affect)"
    r"|\b(?:revert|drop|remove|disable)\w* (?:the )?(?:\w+ ){0,2}(?:fix|patch)\w* (?:for|of)\b)[^.;]*$",
    re.IGNORECASE,
)
_NOT_AFTER: Final = re.compile(
    r"\W{0,3}(?:(?:is|are|was|were|remains?|does|do|still|yet) ){0,3}"
    r"(?:not (?:yet )?(?:affect|fix|address|vulnerable|applicable|an issue)|unfixed|unaffected|no-dsa)",
    re.IGNORECASE,
)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HASHES: Final = re.compile(
    r"^ [0-9a-f]{64} +([0-9]+) ((?:[a-z-]+/)?(main|contrib|non-free|non-free-firmware)/binary-amd64/Packages\.xz)$",
    re.MULTILINE,
)
_CODENAME: Final = re.compile(r"^Codename: ([a-z]+)(?:-security|/updates)?[ \r]*$", re.MULTILINE)
_IN_RELEASE: Final = "InRelease"
_SUMMARY: Final = 60_000
"""Maximum length of an advisory's text: findings quote the lines that name their CVE, so none may be missing."""
_EMPTY_XZ: Final = 32
_LONGEST_LINE: Final = 1000
_BEFORE_RELEASE: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A release of Debian or Ubuntu, as named in its suites."""

    codename: str
    stream: str
    released: date | None = None

    def page(self, source: str) -> str:
        """Return the distribution's page of a source package."""
        if self.stream.startswith("ubuntu:"):
            return f"https://launchpad.net/ubuntu/+source/{source}"
        return f"https://security-tracker.debian.org/tracker/source-package/{source}"


SUITES: Final[Mapping[str, Suite]] = MappingProxyType(
    {name: Suite(codename=name, stream=one.stream, released=one.released) for name, one in RELEASES.items()}
    | {name: Suite(codename=name, stream=f"ubuntu:{number}") for name, number in UBUNTU_RELEASES.items()}
)
"""Every known release, by code name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivePackage:
    """One binary package of an index. ``source`` and ``source_version`` are those that advisories name."""

    name: str
    version: str
    architecture: str
    source: str
    source_version: str
    path: str = ""
    """Path of the .deb, relative to the mirror."""
    size: int = 0
    """Size of the .deb in bytes."""
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangelogEntry:
    """One version's entry of a changelog."""

    source: str
    version: str
    text: str
    published: date | None
    fixes: tuple[str, ...]
    """CVE ids that it fixes, in order, except those that a newer entry reverts."""


def source_of(name: str, version: str) -> tuple[str, str]:
    """Return the source and version that advisories name: those of the kernel if ``name`` only signs it."""
    signed = signed_source(name)
    if not signed:
        return name, version
    matched = _SIGNED_VERSION.fullmatch(version)
    return signed, (f"{matched[1]}-{matched[2]}" if matched else version)


def parse_index(content: bytes, document: str = "Packages") -> Iterator[ArchivePackage | Unparsed]:
    """Yield the binary packages of an index, and the invalid stanzas."""
    for number, stanza in enumerate(re.split(r"\n\s*\n", content.decode("utf-8", "replace")), start=1):
        if not stanza.strip():
            continue
        package = _package(dict(_FIELD.findall(stanza)))
        if package is None:
            first = stanza.strip().splitlines()[0]
            yield Unparsed(document=document, entry=f"{number}: {first[:100]}", reason="not a package of an index")
        else:
            yield package


def parse_changelog(content: bytes) -> tuple[ChangelogEntry, ...]:
    """Return the entries of a changelog, newest first; other lines are skipped, as by dpkg-parsechangelog.

    Each CVE id is kept only in the oldest entry that fixes it.
    """
    entries = list(_entries(content.decode("utf-8", "replace").splitlines()))
    credited: dict[str, int] = {}
    for number in reversed(range(len(entries))):
        fixed, reverted = _cve_changes(entries[number][2])
        for identity in reverted:
            credited.pop(identity, None)
        for identity in fixed:
            credited.setdefault(identity, number)
    by_entry: dict[int, list[str]] = {}
    for identity, number in credited.items():
        by_entry.setdefault(number, []).append(identity)
    return tuple(
        ChangelogEntry(
            source=head[0],
            version=head[1],
            text=_text(lines, by_entry.get(number, ())),
            published=published,
            fixes=tuple(by_entry.get(number, ())),
        )
        for number, (head, published, lines) in enumerate(entries)
    )


def newest_by_source(packages: Iterable[ArchivePackage]) -> Mapping[str, tuple[ArchivePackage, ...]]:
    """Return the binaries of each source's newest version."""
    found: dict[str, tuple[bytes, list[ArchivePackage]]] = {}
    for package in packages:
        key = SCHEME.key(package.source_version)
        known = found.get(package.source)
        if known is None or known[0] < key:
            found[package.source] = (key, [package])
        elif known[0] == key:
            known[1].append(package)
    return {source: tuple(binaries) for source, (_, binaries) in sorted(found.items())}


def parse(documents: Iterable[Document]) -> Iterator[Advisory | Unparsed]:
    """Yield the advisories of every suite, and entries that could not be parsed."""
    packages: dict[tuple[str, bool], list[ArchivePackage]] = {}
    changelogs: dict[tuple[str, str], bytes] = {}
    for document in documents:
        yield from _read(document, packages, changelogs)
    advisories: dict[str, Advisory] = {}
    for (codename, security), binaries in sorted(packages.items()):
        for built in newest_by_source(binaries).values():
            for statement in _state(SUITES[codename], built, changelogs):
                if isinstance(statement, Unparsed):
                    yield statement
                elif security or statement.vulnerabilities:
                    known = advisories.get(statement.id)
                    advisories[statement.id] = statement if known is None else _joined(known, statement)
    yield from advisories.values()


def _read(
    document: Document, packages: dict[tuple[str, bool], list[ArchivePackage]], changelogs: dict[tuple[str, str], bytes]
) -> Iterator[Unparsed]:
    """Sort a document: binaries by code name and kind of suite, changelogs by source and version."""
    name = document.source.name
    index, changelog = _INDEX_NAME.fullmatch(name), _CHANGELOG_NAME.fullmatch(name)
    if changelog is not None:
        changelogs[changelog[1], changelog[2]] = document.content
    elif index is not None and index[1] in SUITES:
        for found in parse_index(document.content, name):
            if isinstance(found, Unparsed):
                yield found
            else:
                packages.setdefault((index[1], index[2] == "-security"), []).append(found)
    elif not name.endswith(_IN_RELEASE):
        yield Unparsed(document=name, entry="", reason="neither the index of a suite nor a changelog")


def _state(
    release: Suite, built: Sequence[ArchivePackage], changelogs: Mapping[tuple[str, str], bytes]
) -> Iterator[Advisory | Unparsed]:
    source, version = built[0].source, built[0].source_version
    content = changelogs.get((source, version))
    entries = parse_changelog(content) if content is not None else ()
    if content is not None and not entries:
        yield Unparsed(document=f"{CHANGELOG}/{source}/{version}", entry="", reason="no entry of a changelog")
    yield from _advisories(release, built, entries)


def follow(document: Document) -> Iterable[Source]:
    """Follow a suite's InRelease to its indices."""
    name, base = document.source.name, document.source.url.rpartition("/")[0]
    if not name.endswith(f"/{_IN_RELEASE}"):
        return
    text = document.content.decode("utf-8", "replace")
    codename = _CODENAME.search(text)
    if codename is None or codename[1] not in SUITES:
        return
    seen: set[str] = set()
    for size, path, component in _HASHES.findall(text):
        if component not in seen and int(size) > _EMPTY_XZ:
            seen.add(component)
            yield Source(name=f"{codename[1]}-security/{path}", url=f"{base}/{path}")


def _package(fields: Mapping[str, str]) -> ArchivePackage | None:
    name, version = fields.get("Package", ""), fields.get("Version", "")
    matched = _SOURCE.fullmatch(fields.get("Source", name))
    if not name or matched is None:
        return None
    source, source_version = source_of(matched[1], matched[2] or version)
    if not (SCHEME.is_valid(version) and SCHEME.is_valid(source_version)):
        return None
    size = fields.get("Size", "")
    return ArchivePackage(
        name=name,
        version=version,
        architecture=fields.get("Architecture", ""),
        source=source,
        source_version=source_version,
        path=fields.get("Filename", ""),
        size=int(size) if size.isdecimal() and len(size) < 16 else 0,  # noqa: PLR2004 - no file is larger
        sha256=fields.get("SHA256", "").lower(),
    )


def _entries(lines: Iterable[str]) -> Iterator[tuple[tuple[str, str], date | None, list[str]]]:
    head: tuple[str, str] | None = None
    body: list[str] = []
    for line in lines:
        opened = _HEAD.fullmatch(line) if line[:1].strip() and len(line) < _LONGEST_LINE else None
        if opened is not None:
            if head is not None:
                yield head, None, body
            head, body = source_of(opened[1], opened[2]), []
        elif head is not None and line.startswith(" -- "):
            yield head, _date(line), body
            head = None
        elif head is not None:
            body.append(line)
    if head is not None:
        yield head, None, body


def _date(line: str) -> date | None:
    matched = _TRAILER.fullmatch(line) if len(line) < _LONGEST_LINE else None
    if matched is None or matched[2] not in _MONTHS:
        return None
    try:
        return date(int(matched[3]), _MONTHS.index(matched[2]) + 1, int(matched[1]))
    except ValueError:
        return None


def _items(lines: Iterable[str]) -> Iterator[str]:
    item: list[str] = []
    for line in lines:
        if _ITEM.match(line) and item:
            yield " ".join(item)
            item = []
        item += line.split()
    if item:
        yield " ".join(item)


def _cve_changes(lines: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the CVE ids that an entry fixes, and those whose fix it reverts."""
    fixed: dict[str, None] = {}
    reverted: dict[str, None] = {}
    for item in _items(lines):
        if "cve" not in item.lower():
            continue
        matched = _ID.sub(lambda found: f"CVE-{found[1]}-{found[2]}", item)
        for ids in _IDS.finditer(matched):
            before, after = matched[max(0, ids.start() - _NEAR) : ids.start()], matched[ids.end() : ids.end() + _NEAR]
            names = dict.fromkeys(found[0] for found in _ID.finditer(ids[0]))
            if _NOT_BEFORE.search(before) or _NOT_AFTER.match(after):
                reverted |= names if _REVERTED.search(before) else {}
            else:
                fixed |= names
    return list(fixed), [name for name in reverted if name not in fixed]


def _text(lines: Iterable[str], fixes: Collection[str]) -> str:
    """Return an entry's items, one per line; if the entry fixes CVEs, only those that name one."""
    items = list(_items(lines))
    naming = [item for item in items if any(name in item.upper() for name in fixes)]
    text = "\n".join(naming or items)
    return text if len(text) <= _SUMMARY else f"{text[: _SUMMARY - 1]}…"


def _advisories(
    release: Suite, built: Sequence[ArchivePackage], entries: Iterable[ChangelogEntry]
) -> Iterator[Advisory]:
    """Yield the newest version's advisory, then those of the older versions that fix a CVE."""
    source, newest = built[0].source, built[0].source_version
    first = release.released - _BEFORE_RELEASE if release.released else date.min
    by_version: dict[str, list[ChangelogEntry]] = {newest: []}
    oldest = newest
    for entry in entries:
        if entry.published is not None and entry.published < first:
            break
        if entry.source != source or not SCHEME.is_valid(entry.version):
            continue
        if SCHEME.key(entry.version) < SCHEME.key(oldest):
            oldest = entry.version
        by_version.setdefault(oldest, []).append(entry)
    for version, matched in by_version.items():
        fixes = any(entry.fixes for entry in matched)
        if fixes or version == newest:
            yield _advisory(release, source, version, matched, _rebuilt(release, built) if version == newest else ())


def _joined(first: Advisory, second: Advisory) -> Advisory:
    """Return one advisory for two releases whose changelogs share an entry."""
    return replace(
        first,
        fixes=tuple(dict.fromkeys((*first.fixes, *second.fixes))),
        vulnerabilities=tuple(dict.fromkeys((*first.vulnerabilities, *second.vulnerabilities))),
    )


def _rebuilt(release: Suite, built: Iterable[ArchivePackage]) -> tuple[Fix, ...]:
    """Return a fix per binary that was rebuilt from the same source."""
    return tuple(
        Fix(
            target=Target(
                stream=release.stream,
                kind=PackageKind.BINARY,
                name=package.name,
                architectures=(package.architecture,) if package.architecture not in ("", "all") else (),
            ),
            version=package.version,
        )
        for package in built
        if _REBUILD.fullmatch(package.version) and package.version != package.source_version
    )


def _advisory(
    release: Suite, source: str, version: str, entries: Sequence[ChangelogEntry], rebuilt: tuple[Fix, ...] = ()
) -> Advisory:
    target = Target(stream=release.stream, kind=PackageKind.SOURCE, name=source)
    fixing = [entry for entry in entries if entry.fixes] or entries[:1]
    text = "\n".join(entry.text for entry in fixing)
    return Advisory(
        id=f"{source} {version}",
        feed=NAME,
        vulnerabilities=tuple(dict.fromkeys(name for entry in fixing for name in entry.fixes)),
        fixes=(Fix(target=target, version=version), *rebuilt),
        summary=text[:_SUMMARY] or f"{source} {version} is in {release.codename}-security.",
        references=(release.page(source),),
        published=next((entry.published.isoformat() for entry in entries if entry.published), ""),
    )


FEED: Final = Feed(
    name=NAME,
    title="Debian and Ubuntu package archives",
    publisher_url="https://www.debian.org/security/",
    roots=tuple(
        Source(name=f"{codename}-security/{_IN_RELEASE}", url=f"{MIRROR}/dists/{codename}-security/{_IN_RELEASE}")
        for codename in SUPPORTED
    ),
    version_scheme=SCHEME.name,
    distributions=("debian", "ubuntu"),
    parse=parse,
    licence="that of Debian's packages",
    fixed_only=True,
    follow=follow,
)
