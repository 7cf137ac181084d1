"""Vulnerabilities of Windows hosts over Microsoft's records of 2019 to 2024, against a recount of a few lines.

The recount reads the records with the json module alone: product, architecture and the smallest build of the branch.
"""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.quality.native_documents import FEEDS, members

from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.plan import plan_of
from openinspector.engine.rule import Detected, Passed, RuleContext, Unable
from openinspector.feed import Document
from openinspector.model.advisory import Advisory
from openinspector.model.exclusion import ExclusionKind
from openinspector.plugins import discover
from openinspector.rules.common_vulnerabilities.windows_vulnerabilities import RULE
from openinspector.testing.windows_hosts import windows_server
from openinspector.version import VersionScheme

pytestmark = pytest.mark.shared

SERVERS = [
    # Title, version without revision, revision, records, without a usable build, vulnerable: counted by hand once.
    ("Windows Server 2022", "10.0.20348", 2031, 1036, 1, 490),
    ("Windows Server 2019", "10.0.17763", 4974, 1085, 65, 482),
    ("Windows Server 2016", "10.0.14393", 6351, 966, 53, 419),
    ("Windows Server 2012 R2", "6.3.9600", 21620, 825, 47, 348),
]
SAME_REVISIONS = ({"19041", "19042", "19043", "19044", "19045"}, {"22621", "22631"})


@cache
def documents(shared: Path) -> Sequence[Document]:
    return tuple(members(shared / "data" / "windows" / "windows-samples.tar.xz", r"cve5-microsoft/CVE-.*\.json$"))


@cache
def records(shared: Path) -> Sequence[dict[str, Any]]:
    return [json.loads(document.content) for document in documents(shared)]


@cache
def index(shared: Path) -> AdvisoryIndex:
    found = [one for one in FEEDS["microsoft"].parse(documents(shared)) if isinstance(one, Advisory)]
    return AdvisoryIndex(
        found, schemes=discover("openinspector.versions", "SCHEME", VersionScheme), fingerprints={"microsoft": "0"}
    )


def judged(shared: Path, version: str, **options: Any) -> tuple[list[str], int]:
    """Return the CVEs of a host, and how many are unknown."""
    outcome = RULE.evaluate(windows_server(version, **options), RuleContext(advisories=index(shared)))
    assert isinstance(outcome, Detected | Passed)
    found = [one.body.rule_id for one in outcome.detections] if isinstance(outcome, Detected) else []
    gap = outcome.unfinished
    reasons = [one.reason for one in ((gap, *gap.also) if gap else ()) if one.kind is ExclusionKind.UNKNOWN_BUILDS]
    counted = [int(reason.split()[1]) for reason in reasons if reason.startswith("Of ")]
    return found, sum(counted)


@pytest.mark.parametrize(("title", "version", "revision", "named", "unknown", "vulnerable"), SERVERS)
def test_the_servers_of_the_design(
    shared: Path, title: str, version: str, revision: int, named: int, unknown: int, vulnerable: int
) -> None:
    found, counted = judged(shared, f"{version}.{revision}")
    assert (len(found), counted) == (vulnerable, unknown)
    assert sum(bool(builds) for _, builds in stated(shared, (title,), "")) == named


@pytest.mark.parametrize("server", SERVERS)
def test_the_build_of_the_plan_closes_everything(shared: Path, server: tuple[str, str, int, int, int, int]) -> None:
    _, version, revision, _, unknown, vulnerable = server
    step = plan_of(windows_server(f"{version}.{revision}"), index(shared)).windows
    assert step is not None
    assert len(step.closes) == vulnerable
    assert judged(shared, step.required) == ([], unknown)


def stated(shared: Path, titles: Sequence[str], architecture: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each CVE with everything that its record says of the products."""
    for record in records(shared):
        builds = [
            str(one.get("lessThan", ""))
            for affected in record["containers"]["cna"]["affected"]
            if " ".join(affected["product"].split()) in titles
            and (not architecture or architecture in architectures(affected))
            for one in affected["versions"]
        ]
        yield record["cveMetadata"]["cveId"], builds


def architectures(affected: dict[str, Any]) -> set[str]:
    words = {word.split("-")[0].replace("32", "x86").lower() for word in affected.get("platforms", ())}
    return words | {cpe.split(":")[11] for cpe in affected.get("cpes", ())}


def recounted(shared: Path, titles: Sequence[str], version: str, revision: int, architecture: str) -> list[str]:
    build = version.split(".")[2]
    branch = next((builds for builds in SAME_REVISIONS if build in builds), {build})
    found = []
    for cve, texts in stated(shared, titles, architecture):
        parts = [text.replace("..", ".").split(".") for text in texts]
        revisions = [int(part[3]) for part in parts if len(part) == 4 and part[2] in branch]
        if revisions and revision < min(revisions):
            found.append(cve)
    return sorted(found)


CORE = "(Server Core installation)"


@pytest.mark.parametrize(
    ("titles", "version", "options", "architecture"),
    [
        (("Windows Server 2022",), "10.0.20348", {}, ""),
        (("Windows Server 2022",), "10.0.20348", {"installation": "Server Core"}, ""),
        (("Windows Server 2019",), "10.0.17763", {}, ""),
        ((f"Windows Server 2019 {CORE}",), "10.0.17763", {"installation": "Server Core"}, ""),
        (("Windows Server 2016",), "10.0.14393", {}, ""),
        ((f"Windows Server 2016 {CORE}",), "10.0.14393", {"installation": "Server Core"}, ""),
        (("Windows Server 2012 R2",), "6.3.9600", {}, ""),
        (("Windows Server 2012",), "6.2.9200", {}, ""),
        ((f"Windows Server 2012 {CORE}",), "6.2.9200", {"installation": "Server Core"}, ""),
        (("Windows Server 2008 R2 Service Pack 1",), "6.1.7601", {}, ""),
        (("Windows Server 2008 Service Pack 2",), "6.0.6003", {}, "x64"),
        ((f"Windows Server 2022, 23H2 Edition {CORE}",), "10.0.25398", {"installation": "Server Core"}, ""),
        (("Windows 11 version 21H2",), "10.0.22000", {"installation": "Client"}, "x64"),
        (("Windows 11 version 22H2",), "10.0.22621", {"installation": "Client"}, "x64"),
        (("Windows 11 Version 23H2", "Windows 11 version 22H3"), "10.0.22631", {"installation": "Client"}, "x64"),
        (
            ("Windows 11 Version 23H2", "Windows 11 version 22H3"),
            "10.0.22631",
            {"installation": "Client", "architecture": "aarch64"},
            "arm64",
        ),
        (("Windows 11 Version 24H2",), "10.0.26100", {"installation": "Client"}, "x64"),
        (("Windows 10 Version 22H2",), "10.0.19045", {"installation": "Client"}, "x64"),
        (("Windows 10 Version 21H2",), "10.0.19044", {"installation": "Client"}, "x64"),
        (("Windows 10 Version 20H2",), "10.0.19042", {"installation": "Client", "architecture": "i686"}, "x86"),
        (("Windows 10 Version 1809",), "10.0.17763", {"installation": "Client"}, "x64"),
        (("Windows 8.1",), "6.3.9600", {"installation": "Client"}, "x64"),
    ],
)
def test_recount(shared: Path, titles: Sequence[str], version: str, options: dict[str, str], architecture: str) -> None:
    """At the revisions that records name, one below, and between: every fix flips exactly its vulnerabilities."""
    named = sorted(
        {
            int(parts[3])
            for _, texts in stated(shared, titles, architecture)
            for text in texts
            if len(parts := text.replace("..", ".").split(".")) == 4 and parts[3] != "0"
        }
    )
    chosen = named[:: max(1, len(named) // 5)]
    assert chosen
    for revision in {0, *chosen, *(one - 1 for one in chosen), named[-1] + 1}:
        found, _ = judged(shared, f"{version}.{revision}", **options)
        assert found == recounted(shared, titles, version, revision, architecture), revision


def test_a_build_that_no_record_names_passes_nothing(shared: Path) -> None:
    outcome = RULE.evaluate(windows_server("10.0.20348"), RuleContext(advisories=index(shared)))
    assert isinstance(outcome, Unable)
