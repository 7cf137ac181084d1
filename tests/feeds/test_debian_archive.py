import os
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.engine.quotation import quotation
from openinspector.feed import Document, Parsed, Source, Unparsed
from openinspector.feeds.debian_archive import (
    FEED,
    ArchivePackage,
    newest_by_source,
    parse_changelog,
    parse_index,
    source_of,
)
from openinspector.model.advisory import Advisory, PackageKind, Priority, Target
from openinspector.testing.conformance.feed import FeedConformance

DATA = Path(__file__).parent / "data" / "debian_archive"
INDEX = "bookworm-security/main/binary-amd64/Packages"
WIDGET = "changelog/widget/1:2.0-1+deb12u3"


def document(name: str, content: bytes) -> Document:
    return Document(source=Source(name=name, url=f"https://archive.example/{name}"), content=content)


@cache
def own_documents() -> tuple[Document, ...]:
    return (
        document(INDEX, (DATA / "Packages").read_bytes()),
        document(WIDGET, (DATA / "changelog-widget").read_bytes()),
    )


@cache
def parsed() -> tuple[Parsed, ...]:
    return tuple(FEED.parse(own_documents()))


def advisory(identity: str) -> Advisory:
    return next(found for found in parsed() if isinstance(found, Advisory) and found.id == identity)


def advisories(*documents: Document) -> list[Advisory]:
    return [found for found in FEED.parse(documents) if isinstance(found, Advisory)]


def entry_fixes(item: str) -> tuple[str, ...]:
    text = f"widget (1.0-1) unstable; urgency=low\n\n{item}\n\n -- A <a@example.org>  Mon, 02 Nov 2026 10:00:00 +0000\n"
    (entry,) = parse_changelog(text.encode())
    return entry.fixes


class TestDebianArchiveFeed(FeedConformance):
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


def test_every_entry_that_names_a_cve_is_an_advisory() -> None:
    assert {found.id: found.vulnerabilities for found in parsed() if isinstance(found, Advisory)} == {
        "widget 1:2.0-1+deb12u3": ("CVE-2026-0004",),
        "widget 1:2.0-1+deb12u2": ("CVE-2026-0002", "CVE-2026-0003"),
        "widget 1:2.0-1": ("CVE-2023-0001",),
        "gadget 0.9-1+deb12u1": (),
        "linux 6.1.192-2": (),
    }


def test_no_severity_is_made_up() -> None:
    assert {found.priority for found in parsed() if isinstance(found, Advisory)} == {Priority.UNSPECIFIED}
    assert not [found for found in parsed() if isinstance(found, Advisory) and found.scores]


def test_each_advisory_is_fixed_in_its_version() -> None:
    (fix,) = advisory("widget 1:2.0-1+deb12u2").fixes
    assert fix.target == Target(stream="debian:12", kind=PackageKind.SOURCE, name="widget")
    assert fix.version == "1:2.0-1+deb12u2"
    assert advisory("widget 1:2.0-1+deb12u2").published == "2026-10-02"


def test_rebuilt_binary_has_its_own_fixed_version() -> None:
    source, binary = advisory("gadget 0.9-1+deb12u1").fixes
    assert source.version == "0.9-1+deb12u1"
    assert (binary.target.kind, binary.target.name, binary.version) == (
        PackageKind.BINARY,
        "gadget",
        "0.9-1+deb12u1+b2",
    )
    assert binary.target.architectures == ("amd64",)


@pytest.mark.parametrize(
    ("signed", "spoken_of"),
    [
        (("linux-signed-amd64", "6.1.123+1"), ("linux", "6.1.123-1")),
        (("linux-signed-arm64", "6.1.192+2"), ("linux", "6.1.192-2")),
        (("linux-signed-6.12-amd64", "6.12.100+1~deb12u1"), ("linux-6.12", "6.12.100-1~deb12u1")),
        (("linux-signed-amd64", "6.1~rc3+1~exp1"), ("linux", "6.1~rc3-1~exp1")),
        (("linux", "6.1.123-1"), ("linux", "6.1.123-1")),
        (("linux-signed-amd64", "6.1.123-1"), ("linux", "6.1.123-1")),
    ],
)
def test_signed_kernels_map_to_linux(signed: tuple[str, str], spoken_of: tuple[str, str]) -> None:
    assert source_of(*signed) == spoken_of


@pytest.mark.parametrize(
    ("item", "fixes"),
    [
        ("  * CVE-2026-0001, CVE-2026-0002 and CVE-2026-0003: check sizes", "123"),
        ("  * Fix CVE-2026-0001\n    (closes: #1), CVE-2026-0002 (closes: #2)", "12"),
        ("  * CVE-2026-0001: do not call free twice", "1"),
        ("  * CVE-2026-0001: SourceLoader does not use open_code", "1"),
        ("  * Ensure sizes do not wrap (CVE-2026-0001)", "1"),
        ("  * Import 2.1. Fixes: CVE-2026-0001/CVE-2026-0002", "12"),
        ("  * d/p/CVE-2026-0001.patch: new", "1"),
        ("  * CVE-2026-0001 and CVE-2026-0002 are not fixed", ""),
        ("  * CVE-2026-0001 remains unfixed", ""),
        ("  * CVE-2026-0001 does not affect bookworm", ""),
        ("  * Does not address CVE-2026-0001", ""),
        ("  * bookworm is not affected by CVE-2026-0001", ""),
        ("  * Not vulnerable to CVE-2026-0001. Fixes CVE-2026-0002", "2"),
        ("  * Revert the fix for CVE-2026-0001", ""),
        ("  * CVE-2026-1", ""),
        ("  * CVE-2026-0001\n  * CVE-2026-0001 again", "1"),
    ],
)
def test_cves_of_an_item(item: str, fixes: str) -> None:
    assert entry_fixes(item) == tuple(f"CVE-2026-000{number}" for number in fixes)


def test_an_unknown_date_hides_nothing() -> None:
    text = "widget (1.0-1) unstable; urgency=low\n\n  * CVE-2026-0001\n\n -- A <a@example.org>  yesterday\n"
    (entry,) = parse_changelog(text.encode())
    assert (entry.published, entry.fixes) == (None, ("CVE-2026-0001",))


def test_changelog_of_an_older_binary_is_not_used_for_a_newer_one() -> None:
    index, changelog = own_documents()
    stale = document("changelog/widget/1:2.0-1+deb12u2", changelog.content)
    found = {entry.id: entry.vulnerabilities for entry in advisories(index, stale)}
    assert found["widget 1:2.0-1+deb12u3"] == ()
    assert "widget 1:2.0-1+deb12u2" not in found


def test_entries_newer_than_the_index_are_left_out() -> None:
    index, changelog = own_documents()
    newer = changelog.content.replace(b"deb12u3)", b"deb12u4)")
    assert {entry.id for entry in advisories(index, document(WIDGET, newer)) if entry.id.startswith("widget")} == {
        "widget 1:2.0-1+deb12u3",
        "widget 1:2.0-1+deb12u2",
        "widget 1:2.0-1",
    }


def test_two_releases_share_an_entry_in_one_advisory() -> None:
    index, changelog = own_documents()
    other = document("trixie-security/main/binary-amd64/Packages", index.content)
    found = {entry.id: entry for entry in advisories(index, changelog, other)}
    stated = {fix.target.stream for fix in found["widget 1:2.0-1+deb12u2"].fixes}
    assert stated == {"debian:12", "debian:13"}


def test_invalid_changelog_is_reported() -> None:
    index, _ = own_documents()
    found = [entry for entry in FEED.parse([index, document(WIDGET, b"nothing")]) if isinstance(entry, Unparsed)]
    assert [entry.document for entry in found] == [WIDGET]


@pytest.mark.parametrize(
    "stanza",
    [
        "Version: 1.0",
        "Package: widget",
        "Package: widget\nVersion: no version",
        "Package: widget\nSource: widget (no version)\nVersion: 1.0",
        "Package: widget\nSource: a b c\nVersion: 1.0",
    ],
)
def test_invalid_stanza_is_reported(stanza: str) -> None:
    found = list(parse_index(f"Package: gadget\nVersion: 1.0\n\n{stanza}\n".encode()))
    assert [type(entry) for entry in found] == [ArchivePackage, Unparsed]


def test_newest_by_source_keeps_all_binaries_of_the_newest() -> None:
    packages = [found for found in parse_index(own_documents()[0].content) if isinstance(found, ArchivePackage)]
    newest = newest_by_source(packages)
    assert [package.version for package in newest["widget"]] == ["1:2.0-1+deb12u3"]
    assert {package.name for package in newest["linux"]} == {"linux-image-6.1.0-56-amd64", "linux-libc-dev"}


def test_follow_leads_from_a_release_to_its_indices() -> None:
    text = (
        "Codename: bookworm-security\nSHA256:\n"
        f" {'0' * 64}      500 main/binary-amd64/Packages.xz\n"
        f" {'0' * 64}       32 contrib/binary-amd64/Packages.xz\n"
        f" {'0' * 64}      500 main/binary-arm64/Packages.xz\n"
    )
    (source,) = FEED.follow(Document(source=FEED.roots[1], content=text.encode()))
    assert source.name == "bookworm-security/main/binary-amd64/Packages.xz"
    assert source.url.startswith("https://")
    assert source.url.endswith("/dists/bookworm-security/main/binary-amd64/Packages.xz")
    assert list(FEED.follow(own_documents()[0])) == []


@given(st.text(alphabet="CVE-2026 0123,;.()*+\n-notaffcedbyfix", max_size=400))
def test_any_item_is_read(item: str) -> None:
    content = f"widget (1.0-1) unstable; urgency=low\n\n  * {item}\n".encode()
    assert len(parse_changelog(content)) >= 1


@given(st.binary(max_size=2000))
def test_any_bytes_are_read(content: bytes) -> None:
    list(FEED.parse([document(INDEX, content), document(WIDGET, content)]))


REBUILD = b"""widget (2.0-1~deb12u1) bookworm-security; urgency=medium

  * Rebuild for bookworm-security.

 -- A <a@example.com>  Sun, 01 Nov 2026 10:00:00 +0000

widget (2.0-1) unstable; urgency=medium

  * New upstream release.
    - Fixes an overflow (CVE-2026-0101).
  * Update the documentation.

 -- A <a@example.com>  Sat, 31 Oct 2026 10:00:00 +0000

widget (1.9-1) unstable; urgency=medium

  * Fix CVE-2026-0100.

 -- A <a@example.com>  Fri, 30 Oct 2026 10:00:00 +0000
"""

REVERTED = b"""widget (1.0-1+deb12u3) bookworm-security; urgency=medium

  * Revert the fix for CVE-2026-0102, which broke reading.

 -- A <a@example.com>  Sun, 01 Nov 2026 10:00:00 +0000

widget (1.0-1+deb12u2) bookworm-security; urgency=medium

  * Fix CVE-2026-0102.
  * Fix CVE-2026-0103. Drop the patch for CVE-2026-0104, applied upstream.

 -- A <a@example.com>  Sat, 31 Oct 2026 10:00:00 +0000
"""


def archive(version: str, changelog: bytes, *, suite: str = "bookworm-security") -> list[Advisory]:
    index = f"Package: widget\nVersion: {version}\nArchitecture: amd64\n"
    documents = [
        Document(source=Source(name=f"{suite}/main/binary-amd64/Packages", url=""), content=index.encode()),
        Document(source=Source(name=f"changelog/widget/{version}", url=""), content=changelog),
    ]
    return [found for found in FEED.parse(documents) if isinstance(found, Advisory)]


def test_fixes_of_a_rebuilt_version_are_credited_to_the_rebuild() -> None:
    assert {found.id: found.vulnerabilities for found in archive("2.0-1~deb12u1", REBUILD)} == {
        "widget 2.0-1~deb12u1": ("CVE-2026-0101",),
        "widget 1.9-1": ("CVE-2026-0100",),
    }


def test_a_fix_that_was_reverted_later_is_not_a_fix() -> None:
    assert {found.id: found.vulnerabilities for found in archive("1.0-1+deb12u3", REVERTED)} == {
        "widget 1.0-1+deb12u3": (),
        "widget 1.0-1+deb12u2": ("CVE-2026-0103",),
    }


def test_the_text_is_the_lines_that_name_a_cve() -> None:
    (found, _) = archive("2.0-1~deb12u1", REBUILD)
    assert found.summary == "- Fixes an overflow (CVE-2026-0101)."


def test_every_cve_of_a_long_entry_is_quoted_by_its_own_line() -> None:
    names = [f"CVE-2026-{number:05d}" for number in range(1, 301)]
    lines = "\n".join(f"    - driver {name[-3:]}: check the length of the message ({name})" for name in names)
    entry = f"widget (2.0-1+deb12u1) bookworm-security; urgency=medium\n\n  * New upstream stable update:\n{lines}\n\n"
    (found,) = archive("2.0-1+deb12u1", f"{entry} -- A <a@example.com>  Sat, 31 Oct 2026 10:00:00 +0000\n".encode())
    for name in names:
        assert quotation(found.summary, name) == f"- driver {name[-3:]}: check the length of the message ({name})"


def test_point_release_states_only_entries_with_a_cve() -> None:
    for suite in ("bookworm", "bookworm-updates"):
        assert [found.id for found in archive("1.0-1+deb12u3", REVERTED, suite=suite)] == ["widget 1.0-1+deb12u2"]


def test_suites_of_ubuntu_are_read_too() -> None:
    (found, _) = archive("2.0-1~deb12u1", REBUILD, suite="jammy-security")
    assert [fix.target.stream for fix in found.fixes] == ["ubuntu:22.04"]
