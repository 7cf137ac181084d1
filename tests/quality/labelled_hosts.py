"""Labelled hosts of Enterprise Linux 9: what dnf was offered says what a host lacked.

The label is that of `tests.quality.test_almalinux_9`: for a package P and a CVE V that an erratum links, P is affected
if the installed build is older than the erratum's and dnf was offered that build or a later one; what dnf was not
offered is unlabelled. Rocky Linux rebuilds the same sources under the same versions, so AlmaLinux's errata label its
host too, with what Rocky's own mirrors offered. The label orders versions with `compare_rpm`, not with the sort keys.
"""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.quality.native_documents import FEEDS, members
from tests.quality.real_hosts import read_inventory, real_host

from openinspector.engine.match import AdvisoryIndex
from openinspector.feed import Document
from openinspector.model.advisory import Advisory
from openinspector.model.inventory import Package
from openinspector.testing.match_builders import version_schemes
from openinspector.testing.plain_order import compare_rpm

STREAMS: Final = {"alma_9": "almalinux:9", "rocky_9": "rocky:9"}
Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Score:
    """How the matcher's pairs of package and CVE compare with a host's label."""

    packages: int
    affected: int
    unlabelled: int
    alarms: tuple[Pair, ...]
    missed: tuple[Pair, ...]


def errata(shared: Path) -> list[Document]:
    return list(members(shared / "data" / "feeds" / "almalinux-osv.tar.xz", r"advisories/almalinux9/.*\.json$"))


def score(shared: Path, name: str, documents: list[Document]) -> Score:
    facts = real_host(shared, name)
    installed = {package.name: package.version for package in facts.all(Package)}
    offered = {
        each["name"]: f"{each['newVersion']}-{each['newRelease']}"
        for each in read_inventory(shared, name)["packages"].values()
    }
    affected, unlabelled = _label(documents, installed, offered)
    predicted = {
        (match.package.name, cve)
        for match in _index(documents, STREAMS[name]).matches(facts)
        for cve in match.vulnerabilities
    }
    judged = predicted - unlabelled
    return Score(
        packages=len(installed),
        affected=len(affected),
        unlabelled=len(unlabelled),
        alarms=tuple(sorted(judged - affected)),
        missed=tuple(sorted(affected - judged)),
    )


def _label(
    documents: list[Document], installed: dict[str, str], offered: dict[str, str]
) -> tuple[set[Pair], set[Pair]]:
    affected: set[Pair] = set()
    unlabelled: set[Pair] = set()
    for document in documents:
        record = json.loads(document.content)
        linked = " ".join([*record["related"], *(reference["url"] for reference in record["references"])])
        for entry in record["affected"]:
            name, fixed = entry["package"]["name"], entry["ranges"][0]["events"][1]["fixed"]
            if entry["package"]["ecosystem"] != "AlmaLinux:9" or name not in installed:
                continue
            if compare_rpm(installed[name], fixed) < 0:
                pairs = {(name, cve) for cve in re.findall(r"CVE-\d{4}-\d+", linked)}
                (affected if compare_rpm(offered[name], fixed) >= 0 else unlabelled).update(pairs)
    return affected, unlabelled - affected


def _index(documents: list[Document], stream: str) -> AdvisoryIndex:
    found = (one for one in FEEDS["almalinux"].parse(documents) if isinstance(one, Advisory))
    moved = (
        replace(one, fixes=tuple(replace(fix, target=replace(fix.target, stream=stream)) for fix in one.fixes))
        for one in found
    )
    return AdvisoryIndex(moved, schemes=version_schemes(), fingerprints={})
