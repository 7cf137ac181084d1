"""Debian's security tracker: one JSON document, source package → vulnerability → release.

https://security-tracker.debian.org/tracker/data/json, as its own documentation describes it. Rules:

- ``resolved`` with fixed version ``0``: not affected; with any other: fixed in it; ``open``: affected, no fix yet.
- ``undetermined``: not examined yet.
- ``urgency`` is Debian's own: ``unimportant`` means no effect on the binary packages. The highest of a
  vulnerability's urgencies counts; ``end-of-life`` is not an urgency but the reason why there will be no fix.
- ``nodsa`` is the reason why no advisory was issued, ``nodsa_reason`` the consequence: ``ignored`` (will not be fixed)
  or ``postponed`` (deferred).
- A vulnerability without a CVE id has a temporary one (``TEMP-0000000-0CA7E3``), which is the advisory's id;
  it names no CVE.
"""

import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from openinspector.feed import Document, Feed, Source, Unparsed
from openinspector.model.advisory import Advisory, Fix, FixState, PackageKind, Priority, Status, Target
from openinspector.model.debian_release import RELEASES
from openinspector.versions.dpkg import SCHEME

NAME: Final = "debian"
TRACKER: Final = "https://security-tracker.debian.org/tracker"

_ID: Final = re.compile(r"(CVE-[0-9]{4}-[0-9]{4,}|TEMP-[0-9]{7}-[0-9A-F]{6})")
_SUMMARY: Final = 2000
_PRIORITIES: Final = {
    "high": Priority.HIGH,
    "medium": Priority.MEDIUM,
    "low": Priority.LOW,
    "unimportant": Priority.NEGLIGIBLE,
}
_RANK: Final = (Priority.UNSPECIFIED, Priority.NEGLIGIBLE, Priority.LOW, Priority.MEDIUM, Priority.HIGH)


class _Release(msgspec.Struct, frozen=True):
    status: str = ""
    fixed_version: str = ""
    urgency: str = ""
    nodsa: str = ""
    nodsa_reason: str = ""


class _Vulnerability(msgspec.Struct, frozen=True):
    description: str = ""
    releases: dict[str, _Release] = {}


class _Gathered:
    """The statements of all packages about one vulnerability."""

    __slots__ = ("fixes", "priority", "statuses", "summary")

    def __init__(self) -> None:
        self.fixes: list[Fix] = []
        self.statuses: list[Status] = []
        self.priority = Priority.UNSPECIFIED
        self.summary = ""


_Tracker = dict[str, dict[str, _Vulnerability]]

_TRACKER_DECODER: Final = msgspec.json.Decoder(_Tracker)
_RAW_DECODER: Final = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]])
_ONE_DECODER: Final = msgspec.json.Decoder(_Vulnerability)


def parse(documents: Iterable[Document]) -> Iterator[Advisory | Unparsed]:
    """Yield one advisory per vulnerability of a known release, and entries that could not be parsed."""
    gathered: dict[str, _Gathered] = {}
    for document in documents:
        name = document.source.name
        tracker = yield from _decode(document)
        for package, vulnerabilities in tracker.items():
            for identity, vulnerability in vulnerabilities.items():
                if _ID.fullmatch(identity) is None:
                    yield Unparsed(document=name, entry=f"{package} {identity}"[:200], reason="not a CVE or TEMP id")
                    continue
                found = gathered.setdefault(identity, _Gathered())
                found.summary = found.summary or vulnerability.description
                for reason in _gather(found, package, vulnerability.releases):
                    yield Unparsed(document=name, entry=f"{package} {identity}", reason=reason)
    for identity, found in gathered.items():
        if found.fixes or found.statuses:
            yield _advisory(identity, found)


def _decode(document: Document) -> Generator[Unparsed, None, _Tracker]:
    """Return the tracker of the document; each malformed entry becomes an Unparsed."""
    try:
        return _TRACKER_DECODER.decode(document.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    tracker: _Tracker = {}
    try:
        raw = _RAW_DECODER.decode(document.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield Unparsed(document=document.source.name, entry="", reason=str(error))
        return tracker
    for package, entries in raw.items():
        for identity, entry in entries.items():
            try:
                tracker.setdefault(package, {})[identity] = _ONE_DECODER.decode(entry)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                yield Unparsed(document=document.source.name, entry=f"{package} {identity}"[:200], reason=str(error))
    return tracker


def _gather(found: _Gathered, package: str, releases: Mapping[str, _Release]) -> Iterator[str]:
    """Add the statements of one package; yield the reason for each that could not be parsed."""
    for codename, release in releases.items():
        known = RELEASES.get(codename)
        if known is None:
            yield f"{codename}: no Debian release known here"
            continue
        found.priority = max(found.priority, _priority(release.urgency), key=_RANK.index)
        target = Target(stream=known.stream, kind=PackageKind.SOURCE, name=package)
        statement = _statement(target, release)
        match statement:
            case Fix():
                found.fixes.append(statement)
            case Status():
                found.statuses.append(statement)
            case None:
                yield f"{codename}: status {release.status!r} with fixed version {release.fixed_version!r}"


def _statement(target: Target, release: _Release) -> Fix | Status | None:
    """Return the statement of a release's entry; None if it could not be parsed."""
    match release.status, release.fixed_version:
        case "open", _:
            return Status(target=target, state=_open_state(release), word=_word(release))
        case "undetermined", _:
            return Status(target=target, state=FixState.UNDER_INVESTIGATION, word="undetermined")
        case "resolved", "0":
            return Status(target=target, state=FixState.NOT_AFFECTED, word="not affected")
        case "resolved", version if SCHEME.is_valid(version):
            return Fix(target=target, version=version)
        case _:
            return None


def _open_state(release: _Release) -> FixState:
    if release.urgency == "end-of-life" or release.nodsa == "end-of-life":
        return FixState.END_OF_LIFE
    return {"ignored": FixState.WONT_FIX, "postponed": FixState.DEFERRED}.get(release.nodsa_reason, FixState.OPEN)


def _word(release: _Release) -> str:
    if release.nodsa:
        return f"{release.nodsa} ({release.nodsa_reason})" if release.nodsa_reason else release.nodsa
    return "end of life" if release.urgency == "end-of-life" else "open"


def _priority(urgency: str) -> Priority:
    # a trailing ** once marked what can be exploited remotely
    return _PRIORITIES.get(urgency.rstrip("*"), Priority.UNSPECIFIED)


def _advisory(identity: str, found: _Gathered) -> Advisory:
    return Advisory(
        id=identity,
        feed=NAME,
        vulnerabilities=(identity,) if identity.startswith("CVE-") else (),
        fixes=tuple(found.fixes),
        statuses=tuple(found.statuses),
        summary=found.summary[:_SUMMARY],
        priority=found.priority,
        references=(f"{TRACKER}/{identity}",),
    )


FEED: Final = Feed(
    name=NAME,
    title="Debian security tracker",
    publisher_url=TRACKER,
    roots=(Source(name="debian.json", url=f"{TRACKER}/data/json"),),
    version_scheme=SCHEME.name,
    distributions=("debian",),
    parse=parse,
    licence="Debian (MIT-like, security-tracker)",
)
