"""The accuracy gate: a real AlmaLinux 9 host against all of AlmaLinux's errata, and no score may fall.

The label. When the host's inventory was taken, dnf was asked which version of each package its repositories
offer (``newVersion``). For a package P and a CVE V that a published erratum links:

- *affected*: some erratum for V lists P, what is installed is older than the erratum's build, and dnf offers that
  build or a later one. Two parties agree: the publisher that the build has a fix, dnf that the host lacks it.
- *unaffected*: no erratum for V lists P with a build newer than what is installed.
- *unlabelled*: the erratum's build is newer than all dnf offered: it came after the scan, or the mirror had not got it.
  dnf cannot bear witness; such pairs are counted, their share may not grow, and they are in no score.

Why it is independent. The label reads the publisher's raw records with a few lines of its own and orders versions with
a step-by-step walk (`openinspector.testing.plain_order`); nothing of the feed, the sort keys, the index or the rule is
used. dnf's part comes from another program altogether. The label cannot see an error of the publisher.
"""

import json
import lzma
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from openinspector.engine.rule import Detected, RuleContext
from openinspector.feed import Document, Source
from openinspector.feeds.almalinux import FEED
from openinspector.model.advisory import Advisory
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Package, PackageManager
from openinspector.rules.common_vulnerabilities.known_vulnerabilities import RULE
from openinspector.testing.match_builders import host, index
from openinspector.testing.plain_order import compare_rpm

LEAST_PRECISION = 1.0
LEAST_RECALL = 1.0
LEAST_AFFECTED = 1000
"""Pairs that the label must at least hold: a label of nothing would be met by nothing."""
MOST_UNLABELLED = 0.30

Pair = tuple[str, str]

pytestmark = pytest.mark.shared


@dataclass(frozen=True)
class Inventory:
    facts: HostFacts
    installed: dict[str, str]
    offered: dict[str, str]


@dataclass(frozen=True)
class Label:
    affected: frozenset[Pair]
    unlabelled: frozenset[Pair]


@pytest.fixture(scope="module")
def records(shared: Path) -> dict[str, bytes]:
    with tarfile.open(shared / "data" / "feeds" / "almalinux-osv.tar.xz") as archive:
        found = ((member.name, archive.extractfile(member)) for member in archive if member.name.endswith(".json"))
        return {name: stream.read() for name, stream in found if stream is not None}


@pytest.fixture(scope="module")
def inventory(shared: Path) -> Inventory:
    scan = json.loads(lzma.decompress((shared / "data" / "inventories" / "alma_9.json.xz").read_bytes()))
    sources = {name: source for source in scan["SrcPackages"].values() for name in source["binaryNames"]}
    packages = [
        Package(
            manager=PackageManager.RPM,
            name=name,
            version=f"{found['version']}-{found['release']}",
            architecture=found["arch"],
            source_name=sources[name]["name"] if name in sources else name,
            source_version=sources[name]["version"] if name in sources else "",
            module=found["modularitylabel"],
        )
        for name, found in scan["packages"].items()
    ]
    return Inventory(
        facts=host(
            packages, distribution=f"almalinux:{scan['release']}", kernel=(scan["runningKernel"]["release"], "")
        ),
        installed={package.name: package.version for package in packages},
        offered={name: f"{found['newVersion']}-{found['newRelease']}" for name, found in scan["packages"].items()},
    )


@pytest.fixture(scope="module")
def label(records: dict[str, bytes], inventory: Inventory) -> Label:
    affected: set[Pair] = set()
    unlabelled: set[Pair] = set()
    for content in records.values():
        record: dict[str, Any] = json.loads(content)
        linked = " ".join([*record["related"], *(reference["url"] for reference in record["references"])])
        for entry in record["affected"]:
            name, fixed = entry["package"]["name"], entry["ranges"][0]["events"][1]["fixed"]
            if entry["package"]["ecosystem"] != "AlmaLinux:9" or name not in inventory.installed:
                continue
            if compare_rpm(inventory.installed[name], fixed) >= 0:
                continue
            offered = compare_rpm(inventory.offered[name], fixed) >= 0
            pairs = {(name, cve) for cve in re.findall(r"CVE-\d{4}-\d+", linked)}
            (affected if offered else unlabelled).update(pairs)
    return Label(affected=frozenset(affected), unlabelled=frozenset(unlabelled - affected))


@pytest.fixture(scope="module")
def predicted(records: dict[str, bytes], inventory: Inventory) -> frozenset[Pair]:
    documents = [Document(source=Source(name=name, url=""), content=content) for name, content in records.items()]
    advisories = [found for found in FEED.parse(documents) if isinstance(found, Advisory)]
    known = index(*advisories)
    outcome = RULE.evaluate(inventory.facts, RuleContext(advisories=known))
    assert isinstance(outcome, Detected)
    pairs = {(match.package.name, cve) for match in known.matches(inventory.facts) for cve in match.vulnerabilities}
    assert {detection.body.rule_id for detection in outcome.detections} >= {cve for _, cve in pairs}
    return frozenset(pairs)


def test_no_score_falls(label: Label, predicted: frozenset[Pair]) -> None:
    judged = predicted - label.unlabelled
    right = len(judged & label.affected)
    precision, recall = right / len(judged), right / len(label.affected)
    share = len(label.unlabelled) / len(label.unlabelled | label.affected)
    f1 = 2 * precision * recall / (precision + recall)
    print(
        f"\nAlmaLinux 9: {len(label.affected)} affected pairs, precision {precision:.4f}, recall {recall:.4f}, "
        f"F1 {f1:.4f}; {len(label.unlabelled)} pairs unlabelled ({share:.1%})"
    )
    assert len(label.affected) >= LEAST_AFFECTED
    assert sorted(judged - label.affected) == [], "new false alarms"
    assert sorted(label.affected - judged) == [], "new misses"
    assert precision >= LEAST_PRECISION
    assert recall >= LEAST_RECALL
    assert share <= MOST_UNLABELLED


def test_current_packages_match_no_erratum_of_their_time(
    inventory: Inventory, records: dict[str, bytes], predicted: frozenset[Pair]
) -> None:
    """Every erratum out before the oldest that dnf did not yet offer must be satisfied by what dnf calls current."""
    current = {name for name, version in inventory.installed.items() if inventory.offered[name] == version}
    assert len(current) > 200
    early = {
        cve
        for content in records.values()
        if (record := json.loads(content))["published"] < "2025-12-01"
        for cve in record["related"]
    }
    assert sorted((name, cve) for name, cve in predicted if name in current and cve in early) == []
