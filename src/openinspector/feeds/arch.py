"""Arch Linux's security tracker: one list of groups (AVG), each with packages, versions and CVEs.

https://security.archlinux.org/all.json. Rules:

- ``Fixed`` with a version: fixed in it. ``Vulnerable`` and ``Testing``: no fix in the repositories yet, or an
  unreleased one. ``Not affected``: as it says. ``Unknown``: not examined.
- ``affected`` is the version in the repositories when the group was created. It does not limit the statement: the
  tracker does not state the first affected version.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from openinspector.feed import Document, Feed, Parsed, Source, Unparsed
from openinspector.model.advisory import Advisory, Fix, FixState, PackageKind, Priority, Status, Target
from openinspector.versions.alpm import SCHEME

NAME: Final = "arch"
_TRACKER: Final = "https://security.archlinux.org"
_ID: Final = re.compile(r"AVG-[0-9]+")
_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_PRIORITIES: Final = {
    "Critical": Priority.HIGH,
    "High": Priority.HIGH,
    "Medium": Priority.MEDIUM,
    "Low": Priority.LOW,
}
_STATES: Final = {
    "Vulnerable": FixState.OPEN,
    "Testing": FixState.OPEN,
    "Not affected": FixState.NOT_AFFECTED,
    "Unknown": FixState.UNDER_INVESTIGATION,
}


class _Group(msgspec.Struct, frozen=True):
    name: str
    packages: tuple[str, ...]
    status: str
    severity: str = ""
    type: str = ""
    fixed: str | None = None
    issues: tuple[str, ...] = ()
    advisories: tuple[str, ...] = ()


_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_GROUP: Final = msgspec.json.Decoder(_Group)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield one advisory per group, and entries that could not be parsed."""
    for document in documents:
        name = document.source.name
        try:
            entries = _LIST.decode(document.content)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            yield Unparsed(document=name, entry="", reason=f"not a list of groups: {error}")
            continue
        for number, raw in enumerate(entries, start=1):
            try:
                group = _GROUP.decode(raw)
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                yield Unparsed(document=name, entry=f"group {number}", reason=str(error))
                continue
            yield _advisory(group) or Unparsed(
                document=name, entry=group.name[:64], reason=f"status {group.status[:64]!r}, fixed {group.fixed!r:.64}"
            )


def _advisory(group: _Group) -> Advisory | None:
    targets = [Target(stream="arch:", kind=PackageKind.BINARY, name=name) for name in group.packages if name]
    state = _STATES.get(group.status)
    if not _ID.fullmatch(group.name) or not targets:
        return None
    fixes: tuple[Fix, ...] = ()
    statuses: tuple[Status, ...] = ()
    if group.status == "Fixed" and group.fixed and SCHEME.is_valid(group.fixed):
        fixes = tuple(Fix(target=target, version=group.fixed) for target in targets)
    elif state is not None:
        statuses = tuple(Status(target=target, state=state, word=group.status) for target in targets)
    else:
        return None
    return Advisory(
        id=group.name,
        feed=NAME,
        vulnerabilities=tuple(dict.fromkeys(issue for issue in group.issues if _CVE.fullmatch(issue))),
        fixes=fixes,
        statuses=statuses,
        summary=f"{', '.join(group.packages)}: {group.type}",
        severity=group.severity,
        priority=_PRIORITIES.get(group.severity, Priority.UNSPECIFIED),
        references=(f"{_TRACKER}/{group.name}", *(f"{_TRACKER}/{name}" for name in group.advisories if name.isascii())),
    )


FEED: Final = Feed(
    name=NAME,
    title="Arch Linux security tracker",
    publisher_url=_TRACKER,
    roots=(Source(name="all.json", url=f"{_TRACKER}/all.json"),),
    version_scheme=SCHEME.name,
    distributions=("arch",),
    parse=parse,
    licence="MIT (tracker)",
    by_document=True,
)
