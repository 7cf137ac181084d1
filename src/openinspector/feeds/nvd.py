"""The National Vulnerability Database, data feeds 2.0: one document per year, and one with recent changes.

https://nvd.nist.gov/vuln/data-feeds. A score by NVD has the origin ``nvd``; one that NVD copies from the CNA has
``cve``. NVD asks for this notice: this product uses data from the NVD API but is not endorsed or certified by the NVD.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from openinspector.feed import Document, Feed, Parsed, Source, Unparsed
from openinspector.model.advisory import RecordState, Score, Vulnerability

NAME: Final = "nvd"
_FEEDS: Final = "https://nvd.nist.gov/feeds/json/cve/2.0"
_YEARS: Final = range(2002, 2027)
_ID: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_CWE: Final = re.compile(r"CWE-[0-9]+")
_NVD: Final = "nvd@nist.gov"


class _Cvss(msgspec.Struct, frozen=True):
    version: str = ""
    base: float = msgspec.field(name="baseScore", default=-1.0)
    vector: str = msgspec.field(name="vectorString", default="")


class _Metric(msgspec.Struct, frozen=True):
    cvss: _Cvss = msgspec.field(name="cvssData", default=_Cvss())
    source: str = ""


class _Metrics(msgspec.Struct, frozen=True):
    v4: tuple[_Metric, ...] = msgspec.field(name="cvssMetricV40", default=())
    v31: tuple[_Metric, ...] = msgspec.field(name="cvssMetricV31", default=())
    v30: tuple[_Metric, ...] = msgspec.field(name="cvssMetricV30", default=())
    v2: tuple[_Metric, ...] = msgspec.field(name="cvssMetricV2", default=())


class _Text(msgspec.Struct, frozen=True):
    value: str = ""


class _Weakness(msgspec.Struct, frozen=True):
    description: tuple[_Text, ...] = ()


class _Tags(msgspec.Struct, frozen=True):
    tags: tuple[str, ...] = ()


class _Cve(msgspec.Struct, frozen=True):
    id: str
    status: str = msgspec.field(name="vulnStatus", default="")
    metrics: _Metrics = _Metrics()
    weaknesses: tuple[_Weakness, ...] = ()
    tags: tuple[_Tags, ...] = msgspec.field(name="cveTags", default=())


class _Entry(msgspec.Struct, frozen=True):
    cve: _Cve


class _List(msgspec.Struct, frozen=True):
    vulnerabilities: list[msgspec.Raw]


_LIST: Final = msgspec.json.Decoder(_List)
_ENTRY: Final = msgspec.json.Decoder(_Entry)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield the data of each entry about its CVE, and entries that could not be parsed."""
    for document in documents:
        name = document.source.name
        try:
            entries = _LIST.decode(document.content).vulnerabilities
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            yield Unparsed(document=name, entry="", reason=f"not a list of NVD 2.0: {error}")
            continue
        for number, raw in enumerate(entries, start=1):
            try:
                cve = _ENTRY.decode(raw).cve
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                yield Unparsed(document=name, entry=f"entry {number}", reason=str(error))
                continue
            if _ID.fullmatch(cve.id):
                yield _vulnerability(cve)
            else:
                yield Unparsed(document=name, entry=cve.id[:64], reason="not a CVE id")


def _vulnerability(cve: _Cve) -> Vulnerability:
    named = (text.value for weakness in cve.weaknesses for text in weakness.description)
    disputed = any("disputed" in tags.tags for tags in cve.tags)
    state = RecordState.DISPUTED if disputed else RecordState.PUBLISHED
    return Vulnerability(
        id=cve.id,
        state=RecordState.REJECTED if cve.status == "Rejected" else state,
        scores=tuple(dict.fromkeys(_scores(cve.metrics))),
        cwes=tuple(dict.fromkeys(cwe for cwe in named if _CWE.fullmatch(cwe))),
    )


def _scores(metrics: _Metrics) -> Iterator[Score]:
    for metric in (*metrics.v31, *metrics.v30, *metrics.v4, *metrics.v2):
        cvss = metric.cvss
        if 0.0 <= cvss.base <= 10.0:  # noqa: PLR2004 - CVSS ends at 10
            origin = "nvd" if metric.source == _NVD else "cve"
            yield Score(version=cvss.version or "2.0", base=cvss.base, vector=cvss.vector, origin=origin)


FEED: Final = Feed(
    name=NAME,
    title="National Vulnerability Database",
    publisher_url="https://nvd.nist.gov/",
    roots=tuple(
        Source(name=f"nvdcve-2.0-{part}.json.gz", url=f"{_FEEDS}/nvdcve-2.0-{part}.json.gz", optional=True)
        for part in (*_YEARS, "modified")
    ),
    version_scheme="",
    distributions=(),
    parse=parse,
    licence="public domain; NVD asks for its notice",
    by_document=True,
)
