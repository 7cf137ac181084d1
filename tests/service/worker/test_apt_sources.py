from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.service.worker.apt_sources import (
    AptSource,
    parse_deb822,
    parse_one_line,
    read_sources,
    security_sources,
)

DEB822 = """\
# the distribution
Types: deb deb-src
URIs: https://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBAAA
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb-src
URIs: https://mirror.example/sources
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: https://mirror.example/disabled
Suites: bookworm-security
Components: main

Types: deb
URIs: https://mirror.example/flat
Suites: ./
"""


def test_reads_enabled_binary_stanzas_one_source_a_suite() -> None:
    found = list(parse_deb822(DEB822))
    assert [(source.uri, source.suite, source.components) for source in found] == [
        ("https://mirror.example/debian", "bookworm", ("main", "contrib")),
        ("https://mirror.example/debian", "bookworm-updates", ("main", "contrib")),
        ("https://mirror.example/debian-security", "bookworm-security", ("main",)),
    ]


def test_signed_by_is_paths_or_one_armoured_key() -> None:
    first, _, security = parse_deb822(DEB822)
    assert first.signed_by == ("/usr/share/keyrings/debian-archive-keyring.gpg",)
    (key,) = security.signed_by
    assert key.splitlines()[:1] == ["-----BEGIN PGP PUBLIC KEY BLOCK-----"] or key.startswith("\n-----BEGIN")
    assert "\n\nmQINBAAA\n" in key


@pytest.mark.parametrize(
    ("line", "source"),
    [
        (
            "deb https://m.example/debian-security bookworm-security main non-free # ours",
            AptSource(
                uri="https://m.example/debian-security", suite="bookworm-security", components=("main", "non-free")
            ),
        ),
        (
            "deb [arch=amd64 signed-by=/a.gpg,/b.gpg] http://m.example/ buster/updates main",
            AptSource(uri="http://m.example/", suite="buster/updates", signed_by=("/a.gpg", "/b.gpg")),
        ),
        ("deb-src https://m.example/debian bookworm main", None),
        ("#deb https://m.example/debian bookworm main", None),
        ("deb https://m.example/flat ./", None),
        ("deb https://m.example", None),
        ("", None),
    ],
)
def test_reads_one_line_sources(line: str, source: AptSource | None) -> None:
    assert list(parse_one_line(line)) == ([source] if source else [])


def test_only_security_suites_are_security_sources() -> None:
    suites = ("bookworm", "bookworm-security", "bookworm-updates", "buster/updates", "stable-security", "x/y")
    sources = [AptSource(uri="https://m.example", suite=suite) for suite in suites]
    assert [source.suite for source in security_sources(sources)] == [
        "bookworm-security",
        "buster/updates",
        "stable-security",
    ]


def test_reads_both_formats_of_a_folder_in_apts_order(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb https://one.example/ bookworm main\n")
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "b.list").write_bytes(b"deb https://three.example/ bookworm main\n\xff\n")
    (folder / "a.sources").write_text("Types: deb\nURIs: https://two.example/\nSuites: bookworm\nComponents: main\n")
    (folder / "c.list.save").write_text("deb https://four.example/ bookworm main\n")
    (folder / "d.list").mkdir()
    assert [source.uri for source in read_sources(tmp_path)] == [
        "https://one.example/",
        "https://two.example/",
        "https://three.example/",
    ]


def test_missing_folder_has_no_sources(tmp_path: Path) -> None:
    assert read_sources(tmp_path / "absent") == ()


@given(st.text(max_size=500))
def test_any_text_is_read(text: str) -> None:
    list(parse_deb822(text))
    list(parse_one_line(text))
