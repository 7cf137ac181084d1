"""Ubuntu's security data: OSV records and OpenVEX documents of each CVE.

https://security-metadata.canonical.com/osv/osv-all.tar.xz and …/vex/vex-all.tar.xz. Rules:

- The OSV records (``UBUNTU-CVE-…``) state the fixed version of a CVE; a range without an end means no fix. Notices
  (``USN-``) repeat that by update, and live patches (``LSN-``) are not packages: neither is read.
- The VEX documents state why there is no fix, in one of a few sentences, and which packages are not affected. They list
  every build of every architecture; only sources are read.
- Both name source packages, and the archive in the package URL: ``jammy``, ``esm-apps/jammy``, ``fips/jammy``,
  ``trusty/esm``. Each is a stream.
- FIPS builds are a flavour: statements about them do not apply to ordinary builds, and the reverse.
- If only an extended archive has a record of a source, a host without Ubuntu Pro is judged by that record
  (`openinspector.engine.streams`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from openinspector.feed import Document, Feed, Parsed, Source, Unparsed
from openinspector.formats import osv
from openinspector.model.advisory import (
    Advisory,
    Fix,
    FixState,
    PackageKind,
    Priority,
    Status,
    Target,
)
from openinspector.model.purl import parse_purl
from openinspector.model.ubuntu_release import RELEASES
from openinspector.versions.dpkg import SCHEME

NAME: Final = "ubuntu"
_METADATA: Final = "https://security-metadata.canonical.com"
_PAGE: Final = "https://ubuntu.com/security"
_ID: Final = re.compile(r"UBUNTU-(CVE-[0-9]{4}-[0-9]{4,})")
_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_ECOSYSTEM: Final = re.compile(
    r"Ubuntu:(Pro:)?(?:(FIPS(?:-updates|-preview)?|Realtime|BlueField):)?([0-9]{2}\.[0-9]{2})(?::LTS)?"
)
_SUMMARY: Final = 2000
_TRACKER: Final = "ubuntu-cve-tracker"
"""Origin of the scores that Ubuntu copies from others."""
_PRIORITIES: Final[Mapping[str, Priority]] = {
    "critical": Priority.HIGH,
    "high": Priority.HIGH,
    "medium": Priority.MEDIUM,
    "low": Priority.LOW,
    "negligible": Priority.NEGLIGIBLE,
}
_SENTENCES: Final = (
    ("no longer supported", FixState.END_OF_LIFE),
    ("decided to not fix", FixState.WONT_FIX),
    ("decided not to fix", FixState.WONT_FIX),
    ("will not be fixed", FixState.WONT_FIX),
    ("deferred", FixState.DEFERRED),
    ("needs fixing", FixState.OPEN),
    ("vulnerable", FixState.OPEN),
)
"""Meaning of the sentences of ``action_statement``; the first one found counts."""


class _Product(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="@id", default="")


class _Named(msgspec.Struct, frozen=True):
    name: str = ""
    description: str = ""


class _Statement(msgspec.Struct, frozen=True):
    vulnerability: _Named = _Named()
    products: tuple[_Product, ...] = ()
    status: str = ""
    justification: str = ""
    action_statement: str = ""
    impact_statement: str = ""


class _Vex(msgspec.Struct, frozen=True):
    statements: tuple[_Statement, ...]


_VEX_DECODER: Final = msgspec.json.Decoder(_Vex)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield the fixes of each OSV record, the statuses of each VEX document, and entries that could not be parsed."""
    for document in documents:
        name = document.source.name
        if not name.endswith(".json") or "/usn/" in f"/{name}" or "/lsn/" in f"/{name}":
            continue
        if b'"statements"' in document.content[:100_000] or b'"statements"' in document.content[-200:]:
            yield from _vex(document)
        else:
            yield from _record(document)


def _record(document: Document) -> Iterator[Parsed]:
    record = osv.decode(document)
    if isinstance(record, Unparsed):
        yield record
        return
    identity = _ID.fullmatch(record.id)
    if identity is not None and not record.withdrawn:
        yield from _advisory(document.source.name, identity[1], record)
    elif identity is None and not record.id.startswith(("USN-", "LSN-")):
        yield Unparsed(document=document.source.name, entry=record.id[:64], reason="not an id of Ubuntu")


def _advisory(document: str, cve: str, record: osv.OsvRecord) -> Iterator[Parsed]:
    """Yield the statements of a record. Its vectors are copied, mostly from NVD, so they rank behind the originals."""
    fixes: list[Fix] = []
    statuses: list[Status] = []
    for affected in record.affected:
        for found in _affected(affected):
            match found:
                case Fix():
                    fixes.append(found)
                case Status():
                    statuses.append(found)
                case str():
                    yield Unparsed(document=document, entry=cve, reason=found)
    word = _word(record)
    if fixes or statuses:
        yield Advisory(
            id=cve,
            feed=NAME,
            vulnerabilities=(cve,),
            fixes=tuple(dict.fromkeys(fixes)),
            statuses=tuple(dict.fromkeys(statuses)),
            summary=record.details[:_SUMMARY],
            severity=word,
            priority=_PRIORITIES.get(word, Priority.UNSPECIFIED),
            scores=osv.scores(record, _TRACKER),
            references=(f"{_PAGE}/{cve}",),
            published=record.published[:10],
            modified=record.modified[:10],
        )


def _affected(affected: osv.Affected) -> Iterator[Fix | Status | str]:
    target = _target(affected.package)
    if target is None:
        yield f"no package of Ubuntu: {affected.package.ecosystem[:64]} {affected.package.name[:64]}"
        return
    for span in affected.ranges:
        for stretch in osv.stretches(span):
            if stretch is None:
                yield f"a range of {target.name} is not understood"
            elif not stretch.fixed:
                yield Status(target=target, state=FixState.OPEN, word="no fix")
            elif not SCHEME.is_valid(stretch.fixed) or (stretch.introduced and not SCHEME.is_valid(stretch.introduced)):
                yield f"a range of {target.name} with a version that dpkg cannot order"
            else:
                yield Fix(target=target, version=stretch.fixed, introduced=stretch.introduced)


def _target(package: osv.OsvPackage) -> Target | None:
    ecosystem, url = _ECOSYSTEM.fullmatch(package.ecosystem), parse_purl(package.purl)
    if url is not None and (stream := _stream(url.qualifiers.get("distro", ""))):
        return _named(stream, url.name)
    if ecosystem is None or not package.name:
        return None
    extension = (ecosystem[2] or ("esm-infra" if ecosystem[1] else "")).lower()
    return _named(f"ubuntu:{ecosystem[3]}" + (f"+{extension}" if extension else ""), package.name)


def _named(stream: str, name: str) -> Target:
    flavour = "fips" if stream.partition("+")[2].startswith("fips") else ""
    return Target(stream=stream, kind=PackageKind.SOURCE, name=name, flavour=flavour)


def _stream(distro: str) -> str:
    """Return the stream of a package URL's ``distro``: ``jammy``, ``esm-apps/jammy``, ``trusty/esm``."""
    first, _, second = distro.partition("/")
    if not second:
        return f"ubuntu:{RELEASES[first]}" if first in RELEASES else ""
    if second == "esm":
        return f"ubuntu:{RELEASES[first]}+esm-infra" if first in RELEASES else ""
    return f"ubuntu:{RELEASES[second]}+{first}" if second in RELEASES else ""


def _word(record: osv.OsvRecord) -> str:
    words = [severity.score for severity in record.severity if severity.type == "Ubuntu"]
    words += [
        affected.ecosystem_specific.ubuntu_priority for affected in record.affected if affected.ecosystem_specific
    ]
    return next((word.lower() for word in words if word), "")


def _vex(document: Document) -> Iterator[Parsed]:
    name = document.source.name
    try:
        vex = _VEX_DECODER.decode(document.content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        yield Unparsed(document=name, entry="", reason=f"not an OpenVEX document: {error}")
        return
    found: dict[str, list[Status]] = {}
    summaries: dict[str, str] = {}
    for statement in vex.statements:
        cve = statement.vulnerability.name
        state = _state(statement)
        if not _CVE.fullmatch(cve) or (state is None and statement.status != "fixed"):
            yield Unparsed(document=name, entry=cve[:64], reason=f"a statement with status {statement.status[:64]!r}")
            continue
        summaries.setdefault(cve, statement.vulnerability.description)
        if state is not None:
            found.setdefault(cve, []).extend(_statuses(statement, state))
    for cve, statuses in found.items():
        if statuses:
            yield Advisory(
                id=f"VEX-{cve}",
                feed=NAME,
                vulnerabilities=(cve,),
                statuses=tuple(dict.fromkeys(statuses)),
                summary=summaries[cve][:_SUMMARY],
                references=(f"{_PAGE}/{cve}",),
            )


def _state(statement: _Statement) -> FixState | None:
    match statement.status:
        case "affected":
            text = statement.action_statement.partition("CVE Notes")[0].lower()
            return next((state for words, state in _SENTENCES if words in text), FixState.OPEN)
        case "not_affected":
            return FixState.NOT_AFFECTED
        case "under_investigation":
            return FixState.UNDER_INVESTIGATION
        case _:
            return None


def _statuses(statement: _Statement, state: FixState) -> Iterator[Status]:
    word = (statement.action_statement or statement.impact_statement or statement.justification)[:300]
    if state is FixState.NOT_AFFECTED and "does not exist in the archive" in word:
        return  # says nothing of a package that a host has nevertheless
    for product in statement.products:
        url = parse_purl(product.id)
        if url is None or url.qualifiers.get("arch") != "source":
            continue
        if stream := _stream(url.qualifiers.get("distro", "")):
            yield Status(target=_named(stream, url.name), state=state, word=word)


FEED: Final = Feed(
    name=NAME,
    title="Ubuntu security data (OSV, VEX)",
    publisher_url="https://ubuntu.com/security/cves",
    roots=(
        Source(name="osv-all.tar.xz", url=f"{_METADATA}/osv/osv-all.tar.xz", max_bytes=1024**3),
        Source(name="vex-all.tar.xz", url=f"{_METADATA}/vex/vex-all.tar.xz", max_bytes=1024**3),
    ),
    version_scheme=SCHEME.name,
    distributions=("ubuntu",),
    parse=parse,
    licence="CC-BY-SA 4.0",
    by_document=True,
)
