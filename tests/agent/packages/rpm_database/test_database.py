import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.agent.packages.rpm_database import rpm_files

from openinspector.agent.packages.rpm_database import bdb, ndb, sqlite
from openinspector.agent.packages.rpm_database.database import blobs, find
from openinspector.agent.packages.rpm_database.header import Header
from openinspector.model.errors import SensorError
from openinspector.testing.fake_host import FakeHost, Node

Reader = Callable[[bytes], Iterator[bytes | SensorError]]
READERS: dict[str, Reader] = {"sqlite": sqlite.blobs, "ndb": ndb.blobs, "bdb": bdb.blobs}
BLOBS = st.lists(st.binary(min_size=5, max_size=3000), max_size=20)


@given(BLOBS)
def test_the_same_headers_from_every_back_end(written: list[bytes]) -> None:
    assert list(sqlite.blobs(rpm_files.sqlite(written))) == written
    assert list(ndb.blobs(rpm_files.ndb(written))) == written
    for order in "<>":
        for page_size in (512, 4096):
            assert list(bdb.blobs(rpm_files.bdb(written, order, page_size))) == written


@settings(max_examples=400)
@given(st.binary(), st.integers(0, 5000), st.integers(0, 5000))
@example(b"\0\0\0\0\x80", 3993, 0)
def test_damage_is_reported_and_never_a_crash(noise: bytes, start: int, length: int) -> None:
    written = [b"one" * 10, b"two" * 800, b"three" * 10]
    for name, data in (
        ("sqlite", rpm_files.sqlite(written)),
        ("ndb", rpm_files.ndb(written)),
        ("bdb", rpm_files.bdb(written)),
    ):
        damaged = data[:start] + noise + data[start + length :]
        try:
            found = list(READERS[name](damaged))
        except SensorError:
            continue
        assert all(isinstance(item, bytes | SensorError) for item in found)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("data", [b"", b"x", b"\0" * 4096, b"SQLite format 3\0", b"RpmP", b"\xff" * 10_000])
def test_other_data_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(SensorError):
        list(READERS[name](data))


def test_truncated_database_is_an_error() -> None:
    written = [b"a" * 100, b"b" * 5000]
    assert any(isinstance(item, SensorError) for item in ndb.blobs(rpm_files.ndb(written)[:-20]))
    assert any(isinstance(item, SensorError) for item in bdb.blobs(rpm_files.bdb(written)[:-20]))


def test_cyclic_page_chain_terminates() -> None:
    data = bytearray(rpm_files.bdb([b"b" * 5000]))
    first_overflow = 3 * 512
    assert data[first_overflow + 25] == 7
    data[first_overflow + 16 : first_overflow + 20] = (3).to_bytes(4, "little")
    data[first_overflow + 22 : first_overflow + 24] = (0).to_bytes(2, "little")
    (found,) = bdb.blobs(bytes(data))
    assert isinstance(found, SensorError)


def test_slow_query_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_MAX_CALLS", 0)
    many = rpm_files.sqlite([b""] * 100_000)
    with pytest.raises(SensorError, match="interrupted"):
        list(sqlite.blobs(many))


def test_a_database_in_wal_mode_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rpmdb.sqlite"
    path.write_bytes(rpm_files.sqlite([b"header"]))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    data = path.read_bytes()
    assert data[18:20] == b"\2\2"
    assert list(sqlite.blobs(data)) == [b"header"]
    assert list(sqlite.blobs_of_file(str(path))) == [b"header"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["rpmdb.sqlite"]


def test_a_path_with_odd_characters_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "a?mode=rw#%41 ü.sqlite"
    path.write_bytes(rpm_files.sqlite([b"header"]))
    assert list(sqlite.blobs_of_file(str(path))) == [b"header"]


def test_first_database_wins() -> None:
    host = FakeHost(
        {"/var/lib/rpm/Packages": rpm_files.bdb([b"header"]), "/var/lib/rpm/Packages.db": Node(is_directory=True)}
    )
    assert find(host) == "/var/lib/rpm/Packages"
    assert list(blobs(host, "/var/lib/rpm/Packages")) == [b"header"]
    assert find(FakeHost({})) is None


def test_header_has_texts_numbers_and_paths() -> None:
    header = Header(
        rpm_files.header({1000: "name", 1003: [7, 8], 1116: [1, 0, 9], 1117: ["a", "b", "c"], 1118: ["/x/", "/y/"]})
    )
    assert header.text(1000) == "name"
    assert header.text(1001) == ""
    assert header.number(1003) == 7
    assert header.numbers(1003) == (7, 8)
    assert header.number(1000) is None
    assert list(header.paths()) == ["/y/a", "/x/b"]


@given(st.binary())
def test_any_bytes_as_header(data: bytes) -> None:
    try:
        header = Header(data)
    except SensorError:
        return
    list(header.paths())


@given(st.data())
def test_a_damaged_header(data: st.DataObject) -> None:
    whole = rpm_files.header({1000: "name", 1003: [7, 8], 1116: [1, 0], 1117: ["a", "b"], 1118: ["/x/", "/y/"]})
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + data.draw(st.binary(min_size=1, max_size=8)) + whole[at + 1 :]
    try:
        header = Header(damaged)
    except SensorError:
        return
    list(header.paths())
    header.texts(1000)
    header.numbers(1003)
