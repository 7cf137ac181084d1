"""AlmaLinux errata in OSV form, one JSON document per record: https://github.com/AlmaLinux/osv-database.

Rules, from the records themselves and the OSV schema 1.6:

- The CVE ids of an erratum are those of ``related`` and of its references; if it has neither, those in its text.
  ``related`` alone misses some: ALSA-2023:6077 has none there and two in its references.
- A record is a security statement if it is an ALSA or names a CVE. Other bug fixes and enhancements are skipped.
- An rpm whose release says ``.module`` belongs to the modules that the title names (``nodejs:18``); any other rpm
  belongs to none, so that the erratum of one module stream is not applied to another or to the plain package.
- The same build of a module may be listed once for each of its contexts. All of them are fixed, so the oldest counts.
- Otherwise a package listed with several versions is affected below the newest, as OSV's ranges state.
- The same erratum may be in several folders, one per release: each is an advisory with that id.

Only documents named ``*.json`` are read; the syncer unpacks the publisher's archive.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.feed import Document, Feed, Source, Unparsed
from openinspector.formats.osv import OsvRecord, Range, decode
from openinspector.model.advisory import NOT_MODULAR, Advisory, Fix, PackageKind, Priority, Target
from openinspector.versions.rpm import SCHEME

NAME: Final = "almalinux"

_ID: Final = re.compile(r"AL[A-Z]A-[0-9]{4}:[A-Z]?[0-9]+")
_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_ECOSYSTEM: Final = re.compile(r"AlmaLinux:([0-9]+(?:\.[0-9]+)*)")
_MODULE: Final = re.compile(r"(?<![\w.+:-])[\w.+-]+:[\w.+-]+")
_MODULAR: Final = ".module"
_SECURITY: Final = "ALSA-"

_PRIORITIES: Final = {
    "Critical": Priority.HIGH,
    "Important": Priority.HIGH,
    "Moderate": Priority.MEDIUM,
    "Low": Priority.LOW,
}


def parse(documents: Iterable[Document]) -> Iterator[Advisory | Unparsed]:
    """Yield the errata, and entries that could not be parsed."""
    for document in documents:
        if document.source.name.endswith(".json"):
            yield from _parse_document(document)


def _parse_document(document: Document) -> Iterator[Advisory | Unparsed]:
    name = document.source.name
    record = decode(document)
    if isinstance(record, Unparsed):
        yield record
        return
    if not _ID.fullmatch(record.id):
        yield Unparsed(document=name, entry=record.id[:64], reason="not an id of AlmaLinux")
        return
    vulnerabilities = _vulnerabilities(record)
    if record.withdrawn or not (vulnerabilities or record.id.startswith(_SECURITY)):
        return
    fixes: list[Fix] = []
    for found in _fixed(record):
        if isinstance(found, str):
            yield Unparsed(document=name, entry=record.id, reason=found)
        else:
            fixes.append(found)
    if not fixes:
        yield Unparsed(document=name, entry=record.id, reason="a security record that names no affected package")
        return
    word = record.summary.partition(":")[0]
    yield Advisory(
        id=record.id,
        feed=NAME,
        vulnerabilities=vulnerabilities,
        fixes=tuple(fixes),
        summary=_summary(record),
        severity=word if word in _PRIORITIES else "",
        priority=_PRIORITIES.get(word, Priority.UNSPECIFIED),
        references=tuple(dict.fromkeys(reference.url for reference in record.references if reference.url)),
        published=record.published,
    )


def _vulnerabilities(record: OsvRecord) -> tuple[str, ...]:
    named = [name for name in (*record.related, *record.aliases, *record.upstream) if _CVE.fullmatch(name)]
    named += (found for reference in record.references for found in _CVE.findall(reference.url))
    return tuple(sorted(set(named or _CVE.findall(f"{record.summary}\n{record.details}"))))


def _summary(record: OsvRecord) -> str:
    """Return title and text; ``Please update`` alone, as in some records, is left out."""
    details = record.details.strip()
    return record.summary if not details or details == "Please update" else f"{record.summary}\n\n{details}"


def _fixed(record: OsvRecord) -> Iterator[Fix | str]:
    """Yield statements, or the reason why one could not be read."""
    modules = tuple(dict.fromkeys(_MODULE.findall(record.summary.partition(": ")[2] or record.summary)))
    versions: dict[tuple[str, str, str], list[str]] = {}
    for affected in record.affected:
        ecosystem = _ECOSYSTEM.fullmatch(affected.package.ecosystem)
        if ecosystem is None or not affected.package.name:
            yield f"no package of AlmaLinux: {affected.package.ecosystem[:64]} {affected.package.name[:64]}"
            continue
        for span in affected.ranges or (Range(),):
            found = _fixed_version(span)
            if found is None:
                yield f"a range of {affected.package.name[:64]} is not from the beginning to one fixed version"
                continue
            key = (f"{NAME}:{ecosystem[1]}", affected.package.name, "" if _MODULAR in found else NOT_MODULAR)
            versions.setdefault(key, []).append(found)
    for (distribution, name, module), fixed in versions.items():
        for stream in (modules or ("",)) if not module else (module,):
            target = Target(stream=distribution, kind=PackageKind.BINARY, name=name, module=stream)
            yield Fix(target=target, version=_deciding(fixed))


def _fixed_version(span: Range) -> str | None:
    if span.type != "ECOSYSTEM" or any(event.last_affected for event in span.events):
        return None
    introduced = [event.introduced for event in span.events if event.introduced]
    fixed = [event.fixed for event in span.events if event.fixed]
    if introduced != ["0"] or len(fixed) != 1 or not SCHEME.is_valid(fixed[0]):
        return None
    return fixed[0]


def _deciding(versions: list[str]) -> str:
    """Return the first fixed version of a package, of those that one erratum lists."""
    newest_first = sorted(set(versions), key=SCHEME.key, reverse=True)
    build, modular, _ = newest_first[0].partition(_MODULAR)
    if not modular:
        return newest_first[0]
    return [version for version in newest_first if version.partition(_MODULAR)[0] == build][-1]


FEED: Final = Feed(
    name=NAME,
    title="AlmaLinux errata (OSV)",
    publisher_url="https://errata.almalinux.org/",
    roots=(Source(name="all.zip", url="https://osv-vulnerabilities.storage.googleapis.com/AlmaLinux/all.zip"),),
    version_scheme="rpm",
    distributions=("almalinux",),
    parse=parse,
    licence="MIT",
    by_document=True,
    fixed_only=True,
)
