"""Photon OS's CVE metadata: one list per release, ``cve_data_photon<release>.json``.

https://packages.broadcom.com/photon/photon_cve_metadata/. Rules:

- ``Fixed`` with a version: fixed in it. ``Not Affected``: as it says. A fix without a version (``NA``) is ignored.
- Other ids than CVE ids (``UNK-1``, ``BDSA-2025-0719``, ``Re``) are the vendor's own. A fix with such an id is kept and
  names no CVE; every other statement with one is counted as not parsed.
- Ids are in upper or lower case. The lists of 2025 have no status; a version then means fixed in it.
- ``aff_ver`` repeats ``res_ver`` in prose.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from openinspector.feed import Document, Feed, Parsed, Source, Unparsed
from openinspector.model.advisory import (
    Advisory,
    Fix,
    FixState,
    PackageKind,
    Score,
    Status,
    Target,
    Vulnerability,
)
from openinspector.versions.rpm import SCHEME

NAME: Final = "photon"
_METADATA: Final = "https://packages.broadcom.com/photon/photon_cve_metadata"
_RELEASES: Final = ("3.0", "4.0", "5.0")
_DOCUMENT: Final = re.compile(r"(?:^|/)cve_data_photon([0-9]+\.[0-9]+)\.json$")
_VERSIONS: Final = "photon_versions.json"
_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_OWN_ID: Final = re.compile(r"[A-Z]{3,8}-[0-9]+(?:-[0-9]+)?")


class _Entry(msgspec.Struct, frozen=True):
    given_id: str = msgspec.field(name="cve_id")
    pkg: str
    status: str = ""
    res_ver: str | None = ""
    cve_score: float | None = None

    @property
    def cve_id(self) -> str:
        """The id; a CVE id in upper case."""
        upper = self.given_id.upper()
        return upper if _CVE.fullmatch(upper) else self.given_id


_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ENTRY: Final = msgspec.json.Decoder(_Entry)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield one advisory per vulnerability and release, and entries that could not be parsed."""
    for document in documents:
        name = document.source.name
        if name.endswith(_VERSIONS):
            continue
        release = _DOCUMENT.search(name)
        if release is None:
            yield Unparsed(document=name, entry="", reason="not named cve_data_photon<release>.json")
            continue
        try:
            entries = _LIST.decode(document.content)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            yield Unparsed(document=name, entry="", reason=f"not a list of entries: {error}")
            continue
        yield from _release(name, f"photon:{release[1]}", entries)


def _release(document: str, stream: str, entries: Iterable[msgspec.Raw]) -> Iterator[Parsed]:
    fixes: dict[str, list[Fix]] = {}
    statuses: dict[str, list[Status]] = {}
    scores: dict[str, float] = {}
    for number, raw in enumerate(entries, start=1):
        try:
            entry = _ENTRY.decode(raw)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            yield Unparsed(document=document, entry=f"entry {number}", reason=str(error))
            continue
        statement = _statement(stream, entry)
        if isinstance(statement, str):
            yield Unparsed(document=document, entry=f"{entry.cve_id} {entry.pkg}"[:200], reason=statement)
        elif isinstance(statement, Fix):
            fixes.setdefault(entry.cve_id, []).append(statement)
        else:
            statuses.setdefault(entry.cve_id, []).append(statement)
        if entry.cve_score is not None and 0.0 < entry.cve_score <= 10.0:  # noqa: PLR2004 - CVSS ends at 10
            scores[entry.cve_id] = max(entry.cve_score, scores.get(entry.cve_id, 0.0))
    for identity in sorted({*fixes, *statuses}):
        cve = _CVE.fullmatch(identity) is not None
        if cve and identity in scores:
            score = Score(version="3.1", base=scores[identity], vector="", origin=NAME)
            yield Vulnerability(id=identity, scores=(score,))
        yield Advisory(
            id=identity,
            feed=NAME,
            vulnerabilities=(identity,) if cve else (),
            fixes=tuple(dict.fromkeys(fixes.get(identity, ()))),
            statuses=tuple(dict.fromkeys(statuses.get(identity, ()))),
            references=("https://github.com/vmware/photon/wiki/Security-Advisories",),
        )


def _statement(stream: str, entry: _Entry) -> Fix | Status | str:
    target = Target(stream=stream, kind=PackageKind.BINARY, name=entry.pkg)
    if not entry.pkg:
        return "no package is named"
    cve = _CVE.fullmatch(entry.cve_id) is not None
    match entry.status, entry.res_ver or "":
        case "Fixed" | "", version if SCHEME.is_valid(version) and version != "NA":
            return Fix(target=target, version=version) if cve or _OWN_ID.fullmatch(entry.cve_id) else "not an id"
        case "Not Affected", _ if cve:
            return Status(target=target, state=FixState.NOT_AFFECTED, word=entry.status)
        case _:
            return f"status {entry.status[:64]!r} with version {entry.res_ver!r:.64}"


FEED: Final = Feed(
    name=NAME,
    title="Photon OS CVE metadata",
    publisher_url="https://github.com/vmware/photon/wiki/Security-Advisories",
    roots=tuple(
        Source(name=f"cve_data_photon{release}.json", url=f"{_METADATA}/cve_data_photon{release}.json", optional=True)
        for release in _RELEASES
    ),
    version_scheme=SCHEME.name,
    distributions=("photon",),
    parse=parse,
    licence="Broadcom (no licence stated)",
    by_document=True,
)
