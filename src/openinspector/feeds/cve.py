"""CVE records (CVE JSON 5), one per CVE: state, CWE, and the scores of the assigning authority and of enrichers.

https://github.com/CVEProject/cvelistV5; CISA's enrichment of the same records (vulnrichment) has the same format.

- The scores of the ``cna`` container have the origin ``cve``, those of an ``adp`` container ``adp``.
- A record is REJECTED by its metadata, and disputed by a tag of the CNA.
- The score of a vector without a number is computed; a rating that is only a word is skipped.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from openinspector.feed import Document, Feed, Parsed, Source, Unparsed
from openinspector.formats.cvss_vector import score_of
from openinspector.model.advisory import RecordState, Score, Vulnerability

NAME: Final = "cve"
_ID: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_CWE: Final = re.compile(r"CWE-[0-9]+")


class _Cvss(msgspec.Struct, frozen=True):
    version: str = ""
    base: float = msgspec.field(name="baseScore", default=-1.0)
    vector: str = msgspec.field(name="vectorString", default="")


class _Metric(msgspec.Struct, frozen=True):
    v4: _Cvss | None = msgspec.field(name="cvssV4_0", default=None)
    v31: _Cvss | None = msgspec.field(name="cvssV3_1", default=None)
    v30: _Cvss | None = msgspec.field(name="cvssV3_0", default=None)
    v2: _Cvss | None = msgspec.field(name="cvssV2_0", default=None)


class _ProblemDescription(msgspec.Struct, frozen=True):
    cwe: str = msgspec.field(name="cweId", default="")


class _Problem(msgspec.Struct, frozen=True):
    descriptions: tuple[_ProblemDescription, ...] = ()


class _Container(msgspec.Struct, frozen=True):
    metrics: tuple[_Metric, ...] = ()
    problems: tuple[_Problem, ...] = msgspec.field(name="problemTypes", default=())
    tags: tuple[str, ...] = ()


class _Containers(msgspec.Struct, frozen=True):
    cna: _Container = _Container()
    adp: tuple[_Container, ...] = ()


class _Metadata(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="cveId")
    state: str = ""


class _Record(msgspec.Struct, frozen=True):
    metadata: _Metadata = msgspec.field(name="cveMetadata")
    containers: _Containers = _Containers()


_DECODER: Final = msgspec.json.Decoder(_Record)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield the data of each record about its CVE, and entries that could not be parsed."""
    for document in documents:
        name = document.source.name
        if not name.endswith(".json") or not name.rpartition("/")[2].startswith("CVE-"):
            continue
        try:
            record = _DECODER.decode(document.content)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            yield Unparsed(document=name, entry="", reason=f"not a CVE record: {error}")
            continue
        if _ID.fullmatch(record.metadata.id):
            yield _vulnerability(record)
        else:
            yield Unparsed(document=name, entry=record.metadata.id[:64], reason="not a CVE id")


def _vulnerability(record: _Record) -> Vulnerability:
    containers = (record.containers.cna, *record.containers.adp)
    scores = [score for metric in record.containers.cna.metrics for score in _scores(metric, "cve")]
    scores += (score for adp in record.containers.adp for metric in adp.metrics for score in _scores(metric, "adp"))
    named = (text.cwe for one in containers for problem in one.problems for text in problem.descriptions)
    return Vulnerability(
        id=record.metadata.id,
        state=_state(record),
        scores=tuple(dict.fromkeys(scores)),
        cwes=tuple(dict.fromkeys(cwe for cwe in named if _CWE.fullmatch(cwe))),
    )


def _state(record: _Record) -> RecordState:
    if record.metadata.state == "REJECTED":
        return RecordState.REJECTED
    return RecordState.DISPUTED if "disputed" in record.containers.cna.tags else RecordState.PUBLISHED


def _scores(metric: _Metric, origin: str) -> Iterator[Score]:
    for cvss, version in ((metric.v31, "3.1"), (metric.v30, "3.0"), (metric.v4, "4.0"), (metric.v2, "2.0")):
        if cvss is not None and 0.0 <= cvss.base <= 10.0:  # noqa: PLR2004 - CVSS ends at 10
            yield Score(version=cvss.version or version, base=cvss.base, vector=cvss.vector, origin=origin)
        elif cvss is not None and cvss.base < 0 and (computed := score_of(cvss.vector, origin)) is not None:
            yield computed


FEED: Final = Feed(
    name=NAME,
    title="CVE records",
    publisher_url="https://www.cve.org/",
    roots=(
        Source(
            name="cvelistV5.zip",
            url="https://github.com/CVEProject/cvelistV5/archive/refs/heads/main.zip",
            max_bytes=2 * 1024**3,
        ),
    ),
    version_scheme="",
    distributions=(),
    parse=parse,
    licence="CVE Program terms of use",
    by_document=True,
)
