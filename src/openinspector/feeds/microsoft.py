"""Windows: Microsoft's CVE records, and its monthly documents (CVRF) for the remedies.

https://github.com/CVEProject/cvelistV5 (assigner ``microsoft``), https://api.msrc.microsoft.com/cvrf/v3.0/updates.
Rules:

- A record names products, each with the first build that has the fix (``lessThan``). That build shows the branch; the
  ``version`` beside it is ``10.0.0`` for every branch. A build of another branch than the product's is an error in the
  record (Windows 11 21H2 "before 10.0.22621.1574") and is ignored for the product.
- Of several builds of one branch the smallest counts: cumulative updates come as rollup and as hotpatch, each with its
  own build, and both have the fix.
- A product without a usable build (``publication``, ``1.001``, nothing) is affected up to an unknown build: it gets the
  status under investigation. ``10.0.20348..2762`` is read as ``10.0.20348.2762``.
- Architectures are those of the platforms and of the CPE names together, because each list lacks some. A product with
  neither is not limited.
- Only Windows itself is read. Office, Edge, .NET, SQL Server and others have no streams.
- Monthly documents state only remedies: the update to install, and the updates that it supersedes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from openinspector.feed import Document, Feed, Parsed, Source, Unparsed
from openinspector.formats.cvss_vector import score_of
from openinspector.formats.msrc_cvrf import CvrfError, Remediation, parse_cvrf
from openinspector.model.advisory import (
    Advisory,
    Fix,
    FixState,
    PackageKind,
    Priority,
    Score,
    Status,
    Target,
    VendorUpdate,
)
from openinspector.model.windows_release import (
    SERVER_CORE,
    WINDOWS_STREAM,
    ProductName,
    WindowsVersion,
    architecture_named,
    parse_product_name,
    parse_windows_version,
)
from openinspector.versions.windows_build import SCHEME

NAME: Final = "microsoft"
_ASSIGNER: Final = "microsoft"
_API: Final = "https://api.msrc.microsoft.com/cvrf/v3.0/"
_ID: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_CWE: Final = re.compile(r"CWE-[0-9]+")
_MONTH: Final = re.compile(r"[0-9]{4}-[A-Z][a-z]{2}")
_RECORD: Final = re.compile(r"(?:^|/)CVE-[^/]*\.json$")
_DOCUMENT: Final = re.compile(r"(?:^|/)([0-9]{4}-[A-Z][a-z]{2})(?:\.xml|\.json)?$")
_CPE_HARDWARE: Final = 11
_PARTS: Final = 13
_WORD: Final = 60
_PRIORITIES: Final = {
    "CRITICAL": Priority.HIGH,
    "HIGH": Priority.HIGH,
    "MEDIUM": Priority.MEDIUM,
    "LOW": Priority.LOW,
}


class _Range(msgspec.Struct, frozen=True):
    version: str = ""
    status: str = "affected"
    less_than: str = msgspec.field(name="lessThan", default="")


class _Affected(msgspec.Struct, frozen=True):
    product: str = ""
    platforms: tuple[str, ...] = ()
    versions: tuple[_Range, ...] = ()
    cpes: tuple[str, ...] = ()


class _Cvss(msgspec.Struct, frozen=True):
    version: str = ""
    base: float = msgspec.field(name="baseScore", default=-1.0)
    severity: str = msgspec.field(name="baseSeverity", default="")
    vector: str = msgspec.field(name="vectorString", default="")


class _Metric(msgspec.Struct, frozen=True):
    v31: _Cvss | None = msgspec.field(name="cvssV3_1", default=None)
    v30: _Cvss | None = msgspec.field(name="cvssV3_0", default=None)
    v4: _Cvss | None = msgspec.field(name="cvssV4_0", default=None)


class _Text(msgspec.Struct, frozen=True):
    lang: str = ""
    value: str = ""


class _ProblemText(msgspec.Struct, frozen=True):
    cwe: str = msgspec.field(name="cweId", default="")


class _Problem(msgspec.Struct, frozen=True):
    descriptions: tuple[_ProblemText, ...] = ()


class _Reference(msgspec.Struct, frozen=True):
    url: str = ""


class _Cna(msgspec.Struct, frozen=True):
    affected: tuple[_Affected, ...] = ()
    title: str = ""
    descriptions: tuple[_Text, ...] = ()
    metrics: tuple[_Metric, ...] = ()
    problems: tuple[_Problem, ...] = msgspec.field(name="problemTypes", default=())
    references: tuple[_Reference, ...] = ()
    date_public: str = msgspec.field(name="datePublic", default="")


class _Containers(msgspec.Struct, frozen=True):
    cna: _Cna = _Cna()


class _Metadata(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="cveId")
    state: str = ""
    assigner: str = msgspec.field(name="assignerShortName", default="")
    published: str = msgspec.field(name="datePublished", default="")
    updated: str = msgspec.field(name="dateUpdated", default="")


class _Record(msgspec.Struct, frozen=True):
    metadata: _Metadata = msgspec.field(name="cveMetadata")
    containers: _Containers = _Containers()


class _Update(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="ID", default="")


class _Updates(msgspec.Struct, frozen=True):
    value: tuple[_Update, ...]


_RECORDS: Final = msgspec.json.Decoder(_Record)
_UPDATES: Final = msgspec.json.Decoder(_Updates)
_BROKEN: Final = (msgspec.MsgspecError, ValueError, RecursionError)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield one advisory per record, one per month and CVE with remedies, and entries that could not be parsed."""
    for document in documents:
        name = document.source.name
        if _RECORD.search(name):
            yield from _record(document)
        elif month := _DOCUMENT.search(name):
            yield from _remedies(document, month[1])


def follow(document: Document) -> Iterator[Source]:
    """Yield the monthly documents that the index names; none if the feed is read from a folder."""
    if document.source.name != _INDEX.name or document.source.url.startswith("file:"):
        return
    try:
        index = _UPDATES.decode(document.content)
    except _BROKEN:
        return
    for month in dict.fromkeys(update.id for update in index.value):
        if _MONTH.fullmatch(month):
            yield Source(name=f"cvrf/{month}", url=f"{_API}cvrf/{month}", optional=True)


def _record(document: Document) -> Iterator[Parsed]:
    name = document.source.name
    try:
        record = _RECORDS.decode(document.content)
    except _BROKEN as error:
        yield Unparsed(document=name, entry="", reason=f"not a CVE record: {error}")
        return
    if record.metadata.assigner != _ASSIGNER or record.metadata.state == "REJECTED":
        return
    if not _ID.fullmatch(record.metadata.id):
        yield Unparsed(document=name, entry=record.metadata.id[:64], reason="not a CVE id")
        return
    statements: list[Fix | Status] = []
    for affected in record.containers.cna.affected:
        for statement in _statements(affected):
            if isinstance(statement, str):
                yield Unparsed(document=name, entry=record.metadata.id, reason=statement)
            else:
                statements.append(statement)
    if statements:
        yield _advisory(record, statements)


def _statements(affected: _Affected) -> Iterator[Fix | Status | str]:
    """Yield the statements of a record about one product; a text for each that could not be parsed."""
    named = parse_product_name(affected.product)
    ranges = tuple(one for one in affected.versions if one.status == "affected")
    if named.name.lower() in ("windows", "windows server"):
        yield f"{named.name}: its releases are named as versions, without builds"
    elif named.is_windows and ranges:
        yield _product(named, affected, ranges)


def _product(named: ProductName, affected: _Affected, ranges: tuple[_Range, ...]) -> Fix | Status | str:
    builds = [(build, one) for one in ranges if (build := _fixed_build(one.less_than)) is not None]
    product = named.product
    if product is None and not builds:
        return f"{named.name[:_WORD]}: an unknown release of Windows without a build"
    stream = product.stream if product is not None else builds[0][0].stream
    target = Target(
        stream=stream,
        kind=PackageKind.BINARY,
        name=product.title if product is not None else named.name,
        architectures=_architectures(named, affected),
        flavour=SERVER_CORE if named.core else "",
    )
    usable = [(build, one) for build, one in builds if build.stream == stream]
    if not usable:
        words = ", ".join(dict.fromkeys(one.less_than or one.version for one in ranges))
        return Status(target=target, state=FixState.UNDER_INVESTIGATION, word=f"no build: {words}"[:_WORD])
    first, found = min(usable, key=lambda one: one[0].revision or 0)
    return Fix(target=target, version=str(first), introduced=_introduced(found.version, first))


def _fixed_build(text: str) -> WindowsVersion | None:
    """Return the build of a range's end; None if it has none."""
    version = parse_windows_version(text.replace("..", "."))
    return version if version is not None and version.revision is not None else None


def _introduced(text: str, first: WindowsVersion) -> str:
    """Return the beginning of the range if it is a build of the same branch, else empty; ``10.0.0`` is not one."""
    version = parse_windows_version(text)
    return text if version is not None and version.branch == first.branch and version.revision else ""


def _architectures(named: ProductName, affected: _Affected) -> tuple[str, ...]:
    if named.architecture:
        return (named.architecture,)
    words = list(affected.platforms)
    words += (parts[_CPE_HARDWARE] for cpe in affected.cpes if len(parts := cpe.split(":")) == _PARTS)
    return tuple(sorted({found for word in words if (found := architecture_named(word))}))


def _advisory(record: _Record, statements: list[Fix | Status]) -> Advisory:
    cna = record.containers.cna
    cvss = [one for metric in cna.metrics for one in (metric.v31, metric.v30, metric.v4) if one is not None]
    severity = next((one.severity for one in cvss if one.severity), "")
    named = (text.cwe for problem in cna.problems for text in problem.descriptions)
    return Advisory(
        id=record.metadata.id,
        feed=NAME,
        vulnerabilities=(record.metadata.id,),
        fixes=tuple(dict.fromkeys(one for one in statements if isinstance(one, Fix))),
        statuses=tuple(dict.fromkeys(one for one in statements if isinstance(one, Status))),
        summary=_summary(cna),
        severity=severity,
        priority=_PRIORITIES.get(severity.upper(), Priority.UNSPECIFIED),
        scores=tuple(dict.fromkeys(score for one in cvss if (score := _score(one)) is not None)),
        cwes=tuple(dict.fromkeys(cwe for cwe in named if _CWE.fullmatch(cwe))),
        references=tuple(
            dict.fromkeys(one.url for one in cna.references if one.url.startswith(("https://", "http://")))
        ),
        published=(cna.date_public or record.metadata.published)[:10],
        modified=record.metadata.updated[:10],
    )


def _summary(cna: _Cna) -> str:
    described = next((text.value.strip() for text in cna.descriptions if text.lang.lower().startswith("en")), "")
    return described if not cna.title or cna.title in described else f"{cna.title}. {described}".strip(". ")


def _score(cvss: _Cvss) -> Score | None:
    if 0.0 <= cvss.base <= 10.0:  # noqa: PLR2004 - CVSS ends at 10
        return Score(version=cvss.version, base=cvss.base, vector=cvss.vector, origin=NAME)
    return score_of(cvss.vector, NAME)


def _remedies(document: Document, month: str) -> Iterator[Parsed]:
    try:
        found = parse_cvrf(document.content)
    except CvrfError as error:
        yield Unparsed(document=document.source.name, entry="", reason=str(error))
        return
    by_cve: dict[str, list[VendorUpdate]] = defaultdict(list)
    for one in found.remediations:
        if _ID.fullmatch(one.vulnerability):
            by_cve[one.vulnerability] += _of_products(one)
    for cve, remedies in by_cve.items():
        if remedies:
            yield Advisory(
                id=f"{month}/{cve}", feed=NAME, vulnerabilities=(cve,), remedies=tuple(dict.fromkeys(remedies))
            )


def _of_products(one: Remediation) -> Iterator[VendorUpdate]:
    for text in one.products:
        named = parse_product_name(text)
        product = named.product
        if product is None:
            continue
        yield VendorUpdate(
            target=Target(
                stream=product.stream,
                kind=PackageKind.BINARY,
                name=product.title,
                architectures=(named.architecture,) if named.architecture else (),
                flavour=SERVER_CORE if named.core else "",
            ),
            update=one.update,
            kind=one.kind,
            version=one.fixed_build if SCHEME.is_valid(one.fixed_build) else "",
            supersedes=one.supersedes,
            restart=one.restart,
        )


_INDEX: Final = Source(name="updates.json", url=f"{_API}updates", optional=True)

FEED: Final = Feed(
    name=NAME,
    title="Windows: Microsoft's CVE records and monthly security documents",
    publisher_url="https://msrc.microsoft.com/update-guide/",
    roots=(
        Source(
            name="cvelistV5.zip",
            url="https://github.com/CVEProject/cvelistV5/archive/refs/heads/main.zip",
            max_bytes=2 * 1024**3,
        ),
        _INDEX,
    ),
    version_scheme=SCHEME.name,
    distributions=(WINDOWS_STREAM,),
    parse=parse,
    follow=follow,
    licence="CVE Program terms of use (records); Microsoft API terms of use (monthly documents)",
    by_document=True,
    fixed_only=True,
)
