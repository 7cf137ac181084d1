import json
import os
import tarfile
from functools import cache
from pathlib import Path

import msgspec
import pytest

from openinspector.feed import Document, Parsed, Unparsed
from openinspector.feeds.debian import FEED
from openinspector.model.advisory import Advisory, Fix, FixState, Priority
from openinspector.testing.conformance.feed import FeedConformance

DATA = Path(__file__).parent / "data" / "debian"


def document(content: bytes) -> Document:
    return Document(source=FEED.roots[0], content=content)


def tracker(package: str, identity: str, **release: object) -> Document:
    return document(json.dumps({package: {identity: {"releases": {"bookworm": release}}}}).encode())


@cache
def parsed() -> tuple[Parsed, ...]:
    return tuple(FEED.parse([document((DATA / "tracker.json").read_bytes())]))


def advisory(identity: str) -> Advisory:
    return next(found for found in parsed() if isinstance(found, Advisory) and found.id == identity)


class TestDebianFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return (document((DATA / "tracker.json").read_bytes()),)


def test_golden() -> None:
    found = msgspec.json.format(msgspec.json.encode(parsed()), indent=2) + b"\n"
    path = DATA / "expected.json"
    if os.environ.get("OPENINSPECTOR_GOLDEN") == "write":
        path.write_bytes(found)
    assert found.decode() == path.read_text()


def stated(identity: str) -> set[tuple[str, str, str]]:
    found = advisory(identity)
    return {
        (one.target.stream, one.target.name, one.version if isinstance(one, Fix) else one.state)
        for one in found.statements
    }


def words(identity: str) -> dict[str, tuple[FixState, str]]:
    return {one.target.stream: (one.state, one.word) for one in advisory(identity).statuses}


def test_one_advisory_a_vulnerability_with_every_package_and_release() -> None:
    assert stated("CVE-2026-0001") == {
        ("debian:12", "widget", "1:2.0-1+deb12u2"),
        ("debian:sid", "widget", "1:2.1-3"),
        ("debian:13", "widget", FixState.NOT_AFFECTED),
        ("debian:12", "gadget", FixState.OPEN),
    }


def test_highest_urgency_applies() -> None:
    assert advisory("CVE-2026-0001").priority is Priority.HIGH
    assert advisory("CVE-2026-0002").priority is Priority.LOW
    assert advisory("TEMP-0000000-0CA7E3").priority is Priority.NEGLIGIBLE


def test_the_reason_for_no_fix_is_the_state() -> None:
    assert words("CVE-2026-0002") == {
        "debian:12": (FixState.DEFERRED, "Minor issue (postponed)"),
        "debian:11": (FixState.END_OF_LIFE, "end of life"),
        "debian:13": (FixState.UNDER_INVESTIGATION, "undetermined"),
    }


def test_temporary_id_is_kept_without_a_cve() -> None:
    assert advisory("TEMP-0000000-0CA7E3").vulnerabilities == ()


@pytest.mark.parametrize(
    ("release", "reason"),
    [
        ({"status": "resolved", "fixed_version": ""}, "resolved"),
        ({"status": "resolved", "fixed_version": "<unfixed>"}, "<unfixed>"),
        ({"status": "thought about"}, "thought about"),
        ({"status": 7}, "Expected `str`"),
    ],
)
def test_invalid_statement_is_reported(release: dict[str, object], reason: str) -> None:
    (found,) = FEED.parse([tracker("widget", "CVE-2026-0001", **release)])
    assert isinstance(found, Unparsed)
    assert "CVE-2026-0001" in found.entry
    assert reason in found.reason


def test_unknown_release_or_id_is_reported() -> None:
    content = {"widget": {"CVE-2026-0001": {"releases": {"zurg": {"status": "open"}}}, "DSA-1": {"releases": {}}}}
    found = list(FEED.parse([document(json.dumps(content).encode())]))
    assert [type(entry) for entry in found] == [Unparsed, Unparsed]


def test_one_broken_entry_does_not_hide_the_others() -> None:
    whole = json.loads((DATA / "tracker.json").read_bytes())
    whole["gadget"]["CVE-2026-0003"] = []
    found = list(FEED.parse([document(json.dumps(whole).encode())]))
    assert [entry for entry in found if isinstance(entry, Advisory)] == [
        entry for entry in parsed() if isinstance(entry, Advisory) and entry.id != "CVE-2026-0003"
    ]
    assert sum(isinstance(entry, Unparsed) for entry in found) == 1


@pytest.mark.shared
def test_reads_json_of_the_tracker(shared: Path) -> None:
    name = "vuls-data-update-feeds/pkg/fetch/debian/tracker/api/testdata/fixtures/advisory.json"
    with tarfile.open(shared / "data/feeds/vuls-data-update-feeds.tar.xz") as archive:
        member = archive.extractfile(name)
        assert member is not None
        found = list(FEED.parse([document(member.read())]))
    assert [entry.id for entry in found if isinstance(entry, Advisory)] == [
        "CVE-2012-0833",
        "CVE-2016-5405",
        "CVE-2016-5416",
        "TEMP-0000000-0CA7E3",
    ]
    assert not [entry for entry in found if isinstance(entry, Unparsed)]
