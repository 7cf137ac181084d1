from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.quality.native_documents import VULS, members

from openinspector.formats.changes_csv import read_changes


def test_the_last_change_of_each_document() -> None:
    text = (
        b'"2024/cve-2024-1.json","2026-11-20T10:00:00+00:00"\n'
        b'"2024/cve-2024-1.json","2026-11-21T10:00:00+00:00"\n'
        b'cve-2.json,2026-11-22T10:00:00Z\n"../x.json","2026-11-22T10:00:00Z"\n"a.txt","2026-11-22"\n"b.json","soon"\n'
    )
    assert read_changes(text) == {
        "2024/cve-2024-1.json": datetime(2026, 11, 21, 10, tzinfo=UTC),
        "cve-2.json": datetime(2026, 11, 22, 10, tzinfo=UTC),
    }


@given(st.binary(max_size=300))
def test_any_bytes_raise_nothing(content: bytes) -> None:
    read_changes(content)


@pytest.mark.shared
def test_red_hats_and_suses_own_lists(shared: Path) -> None:
    folder = shared / "data" / "feeds" / f"{VULS}.tar.xz"
    lists = [read_changes(one.content) for one in members(folder, r"redhat/vex/v1/testdata/fixtures/.*\.csv$")]
    assert [len(found) for found in lists] == [3, 3]
    archive = members(folder, r"suse/csaf_vex/testdata/fixtures/csaf-vex\.tar\.bz2$")
    assert [len(read_changes(one.content)) > 0 for one in archive if one.source.name.endswith("changes.csv")] == [True]
