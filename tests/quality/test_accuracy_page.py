"""docs/accuracy.md holds the figures that are measured here; ``OPENINSPECTOR_ACCURACY=write`` writes them."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest
from tests.quality.labelled_hosts import STREAMS, errata, score
from tests.quality.native_documents import FEEDS
from tests.quality.real_hosts import MANAGERS, real_host
from tests.quality.test_sboms_are_the_same_hosts import GENERATORS, compared
from tests.quality.test_statements_reach_hosts import SOURCES, reached

from openinspector.model.inventory import OperatingSystem

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
LEAST_AFFECTED = 4_000
"""Pairs that a label must at least hold: a label of nothing would be met by nothing."""


def table(head: str, rows: Iterable[tuple[str | int, ...]]) -> str:
    lines = [" | ".join(f"{cell:,}" if isinstance(cell, int) else cell for cell in row) for row in rows]
    return "\n".join([head, "|---" * head.count(" | ") + "|---|", *(f"| {line} |" for line in lines)])


def statements(shared: Path) -> str:
    found: dict[str, list[int]] = {}
    for feed, archive, pattern in SOURCES:
        tried, missed, alarms = reached(shared, feed, archive, pattern)
        counts = found.setdefault(FEEDS[feed].title, [0, 0, 0])
        for place, count in enumerate((tried, missed.total(), alarms.total())):
            counts[place] += count
    rows: list[tuple[str | int, ...]] = [(title, *counts) for title, counts in found.items()]
    return table("| Feed | Fixes tried | Missed | False alarms |", rows)


def labelled(shared: Path) -> str:
    documents = errata(shared)
    rows: list[tuple[str | int, ...]] = []
    for name in STREAMS:
        found = score(shared, name, documents)
        assert found.affected >= LEAST_AFFECTED
        system = real_host(shared, name).only(OperatingSystem)
        assert system is not None
        host = f"{system.id} {system.version_id}"
        rows.append((host, found.packages, found.affected, len(found.missed), len(found.alarms), found.unlabelled))
    return table("| Host | Packages | Affected pairs | Missed | False alarms | Not labelled |", rows)


def descriptions(shared: Path) -> str:
    rows: list[tuple[str | int, ...]] = []
    for name in MANAGERS:
        facts = real_host(shared, name)
        results = [compared(facts, written) for written in GENERATORS]
        rows.append((facts.distribution, results[0][0], *(len(different) for _, different in results)))
    return table("| Host | Verdicts | Other by Syft | Other by Trivy | Other by SPDX |", rows)


MEASURES: Mapping[str, Callable[[Path], str]] = {
    "statements": statements,
    "labelled": labelled,
    "descriptions": descriptions,
}


@pytest.mark.shared
@pytest.mark.parametrize("name", MEASURES)
def test_the_page_shows_what_is_measured(shared: Path, name: str) -> None:
    measured = MEASURES[name](shared)
    section = re.compile(rf"(?<=<!-- measured: {name} -->\n).*?(?=\n<!-- end -->)", re.DOTALL)
    text = PAGE.read_text()
    if os.environ.get("OPENINSPECTOR_ACCURACY") == "write":
        PAGE.write_text(section.sub(lambda _: measured, text))
        return
    (shown,) = section.findall(text)
    assert shown == measured
