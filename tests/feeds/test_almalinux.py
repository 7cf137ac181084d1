import json
import os
import tarfile
from functools import cache
from pathlib import Path

import msgspec
import pytest

from openinspector.feed import Document, Parsed, Source, Unparsed
from openinspector.feeds.almalinux import FEED
from openinspector.model.advisory import NOT_MODULAR, Advisory, Fix, PackageKind, Priority, Target
from openinspector.testing.conformance.feed import FeedConformance

DATA = Path(__file__).parent / "data" / "almalinux"


@cache
def own_documents() -> tuple[Document, ...]:
    return tuple(
        Document(source=Source(name=f"advisories/{path.name}", url=FEED.roots[0].url), content=path.read_bytes())
        for path in sorted((DATA / "upstream").glob("*.json"))
    )


@cache
def parsed() -> tuple[Parsed, ...]:
    return tuple(FEED.parse(own_documents()))


def advisory(identity: str) -> Advisory:
    return next(found for found in parsed() if isinstance(found, Advisory) and found.id == identity)


class TestAlmalinuxFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return own_documents()


def test_golden() -> None:
    found = msgspec.json.format(msgspec.json.encode(parsed()), indent=2) + b"\n"
    path = DATA / "expected.json"
    if os.environ.get("OPENINSPECTOR_GOLDEN") == "write":
        path.write_bytes(found)
    assert found.decode() == path.read_text()


def test_cves_come_from_relations_and_references() -> None:
    assert advisory("ALSA-2026:0001").vulnerabilities == ("CVE-2026-0001",)
    assert advisory("ALSA-2026:A004").vulnerabilities == ("CVE-2026-0004",)


def test_severity_word_becomes_the_priority() -> None:
    assert advisory("ALSA-2026:0001").priority is Priority.HIGH
    assert advisory("ALSA-2026:0002").priority is Priority.MEDIUM
    assert advisory("ALSA-2026:A004").priority is Priority.LOW


def test_content_decides_if_an_erratum_is_security() -> None:
    ids = {found.id for found in parsed() if isinstance(found, Advisory)}
    assert "ALBA-2026:0007" in ids  # a bug fix that links a CVE
    assert "ALSA-2026:0005" in ids  # a security erratum that names none
    assert "ALBA-2026:0006" not in ids
    assert "ALSA-2026:0008" not in ids  # withdrawn


def test_plain_rpm_is_of_no_module() -> None:
    assert advisory("ALSA-2026:0001").fixes[0] == Fix(
        target=Target(stream="almalinux:9", kind=PackageKind.BINARY, name="openssl", module=NOT_MODULAR),
        version="1:3.2.2-7.el9_6",
    )


def test_modular_rpm_is_of_the_modules_in_the_title() -> None:
    assert {fix.target.module for fix in advisory("ALSA-2026:0002").fixes} == {"nodejs:18"}
    assert [fix.target.module for fix in advisory("ALSA-2026:0003").fixes] == ["idm:DL1", "idm:client"]


def test_older_of_two_module_builds_is_the_fix() -> None:
    fixed = {fix.target.name: fix.version for fix in advisory("ALSA-2026:0002").fixes}
    assert fixed["nodejs-packaging"] == "2021.06-4.module_el9.1.0+13+d9a595ea"


def test_newer_of_two_plain_versions_is_the_fix() -> None:
    assert [fix.version for fix in advisory("ALSA-2026:A004").fixes] == ["0.16-14.el8_5.1"]


def test_unparsed_entries_are_reported_and_the_rest_kept() -> None:
    unparsed = [found for found in parsed() if isinstance(found, Unparsed)]
    assert {found.entry for found in unparsed} == {"ALSA-2026:0009"}
    assert len(unparsed) == 2
    assert [fix.target.name for fix in advisory("ALSA-2026:0009").fixes] == ["fine"]


def test_erratum_in_two_folders_is_an_advisory_for_each() -> None:
    first = own_documents()[2]
    record = json.loads(first.content)
    for affected in record["affected"]:
        affected["package"]["ecosystem"] = "AlmaLinux:10"
    second = Document(source=Source(name="advisories/almalinux10/x.json", url=""), content=json.dumps(record).encode())
    found = [item for item in FEED.parse([first, second]) if isinstance(item, Advisory)]
    assert [{fix.target.stream for fix in one.fixes} for one in found] == [{"almalinux:9"}, {"almalinux:10"}]
    assert len({one.id for one in found}) == 1


@pytest.mark.shared
def test_reads_every_record_of_the_publisher(shared: Path) -> None:
    documents = []
    with tarfile.open(shared / "data" / "feeds" / "almalinux-osv.tar.xz") as archive:
        for member in archive:
            stream = archive.extractfile(member)
            if stream is not None:
                documents.append(Document(source=Source(name=member.name, url=""), content=stream.read()))
    found = list(FEED.parse(documents))
    advisories = [item for item in found if isinstance(item, Advisory)]
    assert [item for item in found if isinstance(item, Unparsed)] == []
    assert len({item.id for item in advisories}) == 4450
    assert [item.id for item in advisories if not item.vulnerabilities] == ["ALSA-2026:25341"]
    toolbox = next(item for item in advisories if item.id == "ALSA-2023:6077")
    assert toolbox.vulnerabilities == ("CVE-2023-39325", "CVE-2023-44487")
