"""CISA's catalogue of known exploited vulnerabilities: one JSON document.

https://www.cisa.gov/known-exploited-vulnerabilities-catalog.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from openinspector.feed import Document, Feed, Parsed, Source, Unparsed
from openinspector.model.advisory import KnownExploit, Vulnerability

NAME: Final = "kev"
_ID: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class _Entry(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="cveID")
    added: str = msgspec.field(name="dateAdded")
    due: str = msgspec.field(name="dueDate", default="")
    action: str = msgspec.field(name="requiredAction", default="")
    ransomware: str = msgspec.field(name="knownRansomwareCampaignUse", default="")


class _Catalogue(msgspec.Struct, frozen=True):
    vulnerabilities: list[msgspec.Raw]


_CATALOGUE: Final = msgspec.json.Decoder(_Catalogue)
_ENTRY: Final = msgspec.json.Decoder(_Entry)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield each CVE of the catalogue, and entries that could not be parsed."""
    for document in documents:
        name = document.source.name
        try:
            entries = _CATALOGUE.decode(document.content).vulnerabilities
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            yield Unparsed(document=name, entry="", reason=f"not the catalogue: {error}")
            continue
        for number, raw in enumerate(entries, start=1):
            try:
                entry = _ENTRY.decode(raw)
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                yield Unparsed(document=name, entry=f"entry {number}", reason=str(error))
                continue
            if not _ID.fullmatch(entry.id) or not _DAY.fullmatch(entry.added):
                yield Unparsed(document=name, entry=entry.id[:64], reason="not a CVE id with a day")
                continue
            known = KnownExploit(
                added=entry.added,
                due=entry.due if _DAY.fullmatch(entry.due) else "",
                ransomware=entry.ransomware == "Known",
                action=entry.action[:500],
            )
            yield Vulnerability(id=entry.id, kev=known)


FEED: Final = Feed(
    name=NAME,
    title="Known exploited vulnerabilities (CISA)",
    publisher_url="https://www.cisa.gov/known-exploited-vulnerabilities-catalog",
    roots=(
        Source(
            name="known_exploited_vulnerabilities.json",
            url="https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
        ),
    ),
    version_scheme="",
    distributions=(),
    parse=parse,
    licence="CC0 1.0",
    by_document=True,
)
