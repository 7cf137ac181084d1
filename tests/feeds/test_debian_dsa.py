import os
import tarfile
from functools import cache
from pathlib import Path

import msgspec
import pytest

from openinspector.feed import Document, Parsed, Unparsed
from openinspector.feeds.debian_dsa import FEED
from openinspector.model.advisory import Advisory, Fix, FixState, Status
from openinspector.testing.conformance.feed import FeedConformance

DATA = Path(__file__).parent / "data" / "debian_dsa"


@cache
def own_documents() -> tuple[Document, ...]:
    return tuple(
        Document(source=root, content=(DATA / root.name.replace("/", ".")).read_bytes()) for root in FEED.roots
    )


@cache
def parsed() -> tuple[Parsed, ...]:
    return tuple(FEED.parse(own_documents()))


def advisory(identity: str) -> Advisory:
    return next(found for found in parsed() if isinstance(found, Advisory) and found.id == identity)


def one_list(text: str) -> list[Parsed]:
    return list(FEED.parse([Document(source=FEED.roots[0], content=text.encode())]))


def stated(statement: Fix | Status) -> tuple[str, str]:
    return statement.target.stream, statement.version if isinstance(statement, Fix) else statement.state


class TestDebianDsaFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return own_documents()


def test_golden() -> None:
    found = msgspec.json.format(msgspec.json.encode(parsed()), indent=2) + b"\n"
    path = DATA / "expected.json"
    if os.environ.get("OPENINSPECTOR_GOLDEN") == "write":
        path.write_bytes(found)
    assert found.decode() == path.read_text()


def test_everything_is_parsed() -> None:
    assert not [found for found in parsed() if isinstance(found, Unparsed)]


def test_versions_dates_and_cves() -> None:
    found = advisory("DSA-9003-1")
    assert found.published == "2026-11-21"
    assert found.vulnerabilities == ("CVE-2026-0001", "CVE-2026-0004")
    assert [stated(one) for one in found.statements] == [
        ("debian:12", "1:2.0-1+deb12u2"),
        ("debian:13", "1:2.1-4+deb13u1"),
    ]


def test_a_regression_update_names_no_cve() -> None:
    assert advisory("DSA-9002-2").vulnerabilities == ()


def test_old_candidates_and_states() -> None:
    found = advisory("DSA-0405-1")
    assert found.vulnerabilities == ("CVE-2003-0001",)
    assert [stated(one) for one in found.statements] == [
        ("debian:3.0", "1.0-1woody1"),
        ("debian:3.1", FixState.NOT_AFFECTED),
        ("debian:4", FixState.OPEN),
        ("debian:5", FixState.UNDER_INVESTIGATION),
    ]
    assert found.statuses[0].word == "not-affected (Vulnerable code not present)"


def test_end_of_a_release_is_not_an_advisory() -> None:
    assert "DSA-9001-1" not in {found.id for found in parsed() if isinstance(found, Advisory)}


@pytest.mark.parametrize(
    "line",
    [
        "\t[bookworm] - widget widget",
        "\t[zurg] - widget 1.0-1",
        "\t[bookworm] - widget <wontfix>x",
        "\t{CVE-2026-0001 FLAW-7}",
        "\tsomething else",
        "no advisory",
    ],
)
def test_invalid_line_is_reported_and_the_rest_is_read(line: str) -> None:
    found = one_list(f"[21 Nov 2026] DSA-9003-1 widget\n{line}\n\t[trixie] - widget 1.0-1\n")
    assert [entry.entry for entry in found if isinstance(entry, Unparsed)] == [f"DSA-9003-1: {line.strip()}"]
    assert [entry.id for entry in found if isinstance(entry, Advisory)] == ["DSA-9003-1"]


@pytest.mark.shared
def test_reads_the_real_lists(shared: Path) -> None:
    with tarfile.open(shared / "data/feeds/debian-dsa-dla.tar.xz") as archive:
        members = [archive.extractfile(f"debian-dsa-dla/data/{root.name}") for root in FEED.roots]
        contents = [member.read() for member in members if member is not None]
    found = list(
        FEED.parse(Document(source=root, content=text) for root, text in zip(FEED.roots, contents, strict=True))
    )
    ids = [entry.id for entry in found if isinstance(entry, Advisory)]
    assert len(ids) == len(set(ids)) == 8912
    # a kernel package's name stands where its version should
    assert [entry.entry for entry in found if isinstance(entry, Unparsed)] == [
        "DSA-423: [woody] - kernel-image-2.4.17-ia64 kernel-image-2.4.17-ia64"
    ]
