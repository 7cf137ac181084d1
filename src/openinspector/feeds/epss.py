"""EPSS: the probability that each CVE is exploited within 30 days; one CSV per day.

https://www.first.org/epss/data_stats. The first line is a comment with the model's version and date, the second the
names of the columns: ``cve,epss,percentile``.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.feed import Document, Feed, Parsed, Source, Unparsed
from openinspector.model.advisory import Exploitability, Vulnerability

NAME: Final = "epss"
_ROW: Final = re.compile(r"(CVE-[0-9]{4}-[0-9]{4,}),([01](?:\.[0-9]+)?(?:e-[0-9]+)?),([01](?:\.[0-9]+)?(?:e-[0-9]+)?)")
_HEAD: Final = re.compile(r"#model_version:[^,]*,score_date:([0-9]{4}-[0-9]{2}-[0-9]{2}).*")
_COLUMNS: Final = "cve,epss,percentile"


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield each CVE's probability, and entries that could not be parsed."""
    for document in documents:
        name = document.source.name
        lines = document.content.decode("utf-8", "replace").splitlines()
        head = _HEAD.fullmatch(lines[0][:200]) if lines else None
        if head is None or len(lines) < 2 or lines[1].strip() != _COLUMNS:  # noqa: PLR2004 - comment and columns
            yield Unparsed(document=name, entry="", reason="not a list of EPSS: no date, or other columns")
            continue
        for number, line in enumerate(lines[2:], start=3):
            row = _ROW.fullmatch(line.strip()) if len(line) < 200 else None  # noqa: PLR2004 - no row is longer
            if row is None:
                if line.strip():
                    yield Unparsed(document=name, entry=f"line {number}", reason="not a row of EPSS")
                continue
            epss = Exploitability(probability=float(row[2]), percentile=float(row[3]), date=head[1])
            yield Vulnerability(id=row[1], epss=epss)


FEED: Final = Feed(
    name=NAME,
    title="Exploit Prediction Scoring System",
    publisher_url="https://www.first.org/epss/",
    roots=(
        Source(
            name="epss_scores-current.csv.gz",
            url="https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
        ),
    ),
    version_scheme="",
    distributions=(),
    parse=parse,
    licence="FIRST EPSS usage terms",
    by_document=True,
)
