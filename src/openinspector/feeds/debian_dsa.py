"""The Debian security team's lists of security advisories (DSA) and long-term-support advisories (DLA).

https://salsa.debian.org/security-tracker-team/security-tracker, ``data/DSA/list`` and ``data/DLA/list``. Format::

    [30 Mar 2023] DSA-5380-1 xorg-server - security update
            {CVE-2023-1393}
            [bullseye] - xorg-server 2:1.20.11-1+deb11u6
            NOTE: for people

- A line that begins with ``[`` begins an advisory; the words after its id are for people.
- A version is the first fixed one; a word in angle brackets is a status. A reason may follow in parentheses.
- Notes, and advisories without a package (the end of a release, a new key), are skipped.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from openinspector.feed import Document, Feed, Source, Unparsed
from openinspector.model.advisory import Advisory, Fix, FixState, PackageKind, Status, Target
from openinspector.model.debian_release import RELEASES
from openinspector.versions.dpkg import SCHEME

NAME: Final = "debian_dsa"

_RAW: Final = "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data"
_TRACKER: Final = "https://security-tracker.debian.org/tracker"
_HEAD: Final = re.compile(r"\[([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4})\] (D(?:S|L)A-[0-9]+(?:-[0-9]+)?)(?:\s+(.*))?")
_IDS: Final = re.compile(r"\s+\{([^}]*)\}\s*")
_PACKAGE: Final = re.compile(r"\s+\[([a-z]+)\]\s+-\s+(\S+)\s+(<[a-z-]+>|[^\s<]\S*)\s*(?:\((.*)\)?)?\s*")
_ID: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}|CAN-[0-9]{4}-[0-9]{4}")
_FOR_PEOPLE: Final = re.compile(r"\s+(?:NOTE|TODO|RESERVED|REJECTED)\b.*|\s*")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STATES: Final = {
    "<not-affected>": FixState.NOT_AFFECTED,
    "<unfixed>": FixState.OPEN,
    "<end-of-life>": FixState.END_OF_LIFE,
    "<no-dsa>": FixState.OPEN,
    "<ignored>": FixState.WONT_FIX,
    "<postponed>": FixState.DEFERRED,
    "<undetermined>": FixState.UNDER_INVESTIGATION,
}
_LONGEST_ENTRY: Final = 200


@dataclass(slots=True)
class _Entry:
    id: str
    published: str
    summary: str
    vulnerabilities: list[str] = field(default_factory=list)
    fixes: list[Fix] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)


def parse(documents: Iterable[Document]) -> Iterator[Advisory | Unparsed]:
    """Yield the advisories of each list that name a package, and every line that could not be parsed."""
    for document in documents:
        entry: _Entry | None = None
        for line in document.content.decode("utf-8", "replace").splitlines():
            head = _HEAD.fullmatch(line)
            if head is not None:
                yield from _advisory(entry)
                entry = _open(head)
            elif (entry is None or not _add(entry, line)) and not _FOR_PEOPLE.fullmatch(line):
                where = f"{entry.id}: {line.strip()}" if entry else line
                yield Unparsed(
                    document=document.source.name, entry=where[:_LONGEST_ENTRY], reason="not a line of a DSA list"
                )
        yield from _advisory(entry)


def _open(head: re.Match[str]) -> _Entry:
    day, month, year, identity, summary = head.groups(default="")
    known = month in _MONTHS and 1 <= int(day) <= 31  # noqa: PLR2004 - days of a month
    published = f"{year}-{_MONTHS.index(month) + 1:02}-{int(day):02}" if known else ""
    return _Entry(id=identity, published=published, summary=" ".join(summary.split()))


def _add(entry: _Entry, line: str) -> bool:
    """Add the statement of a line; return True if it could be parsed."""
    ids = _IDS.fullmatch(line)
    if ids is not None:
        # CAN- was the prefix of candidates until 2005; the numbers stayed
        found = [identity.replace("CAN-", "CVE-") for identity in _ID.findall(ids[1])]
        entry.vulnerabilities += found
        return len(found) == len(ids[1].split())
    package = _PACKAGE.fullmatch(line)
    if package is None:
        return False
    codename, name, what, reason = package.groups(default="")
    return _state(entry, codename, name, what, reason)


def _state(entry: _Entry, codename: str, name: str, what: str, reason: str) -> bool:
    release = RELEASES.get(codename)
    if release is None:
        return False
    target = Target(stream=release.stream, kind=PackageKind.SOURCE, name=name)
    state = _STATES.get(what)
    if state is not None:
        word = what.strip("<>")
        word = f"{word} ({reason.rstrip(')')})" if reason else word
        entry.statuses.append(Status(target=target, state=state, word=word))
        return True
    if not SCHEME.is_valid(what):
        return False
    entry.fixes.append(Fix(target=target, version=what))
    return True


def _advisory(entry: _Entry | None) -> Iterator[Advisory]:
    if entry is None or not (entry.fixes or entry.statuses):
        return
    yield Advisory(
        id=entry.id,
        feed=NAME,
        vulnerabilities=tuple(dict.fromkeys(entry.vulnerabilities)),
        fixes=tuple(entry.fixes),
        statuses=tuple(entry.statuses),
        summary=entry.summary,
        references=(f"{_TRACKER}/{entry.id}",),
        published=entry.published,
    )


FEED: Final = Feed(
    name=NAME,
    title="Debian security advisories (DSA, DLA)",
    publisher_url="https://www.debian.org/security/",
    roots=(Source(name="DSA/list", url=f"{_RAW}/DSA/list"), Source(name="DLA/list", url=f"{_RAW}/DLA/list")),
    version_scheme=SCHEME.name,
    distributions=("debian",),
    parse=parse,
    licence="Debian (MIT-like, security-tracker)",
    by_document=True,
)
