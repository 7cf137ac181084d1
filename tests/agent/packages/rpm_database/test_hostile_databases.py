"""Databases made to cost: real ones damaged in any place, loops, overlaps, counts and views that promise too much."""

import lzma
import sqlite3
import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.agent.packages.rpm_database import rpm_files

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.packages.rpm_database import bdb, database, header, ndb
from openinspector.agent.packages.rpm_database.header import Header
from openinspector.agent.sensors.rpm import SENSOR
from openinspector.model.errors import SensorError
from openinspector.model.inventory import SensorState
from openinspector.testing.conformance.sensor import run
from openinspector.testing.fake_host import FakeHost

PLACES: Final = {
    "sqlite": "/var/lib/rpm/rpmdb.sqlite",
    "ndb": "/var/lib/rpm/Packages.db",
    "bdb": "/var/lib/rpm/Packages",
}
MEGABYTE: Final = 1024 * 1024


def found(backend: str, data: bytes) -> list[bytes | SensorError]:
    items: list[bytes | SensorError] = []
    try:
        items.extend(database.blobs(FakeHost({PLACES[backend]: data}), PLACES[backend]))
    except SensorError as error:
        items.append(error)
    return items


@contextmanager
def at_most(allowed: int) -> Iterator[None]:
    """Assert that no more memory than this is taken, beside what was."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] <= allowed
    finally:
        tracemalloc.stop()


@pytest.mark.shared
@pytest.mark.parametrize("name", ["fedora33.sqlite", "fedora33.ndb", "fedora33.bdb", "libuuid.bdb"])
def test_real_pages_damaged_anywhere(shared: Path, name: str) -> None:
    """Any number of places at once: never an exception, never more than the file can hold."""
    backend = name.rpartition(".")[2]
    real = lzma.decompress((shared / "data/rpmdb" / f"{name}.xz").read_bytes())
    anywhere = st.integers(0, len(real) - 1)
    numbers = st.sampled_from([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x01\0\0\0", b"\0\0\0\x01", b"\x7f\xff\xff\xff"])
    damages = st.lists(st.tuples(anywhere | st.integers(0, 300), numbers | st.binary(max_size=40)), max_size=12)

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(damages, anywhere | st.just(len(real)))
    def check(damaged: list[tuple[int, bytes]], end: int) -> None:
        data = bytearray(real)
        for at, content in damaged:
            data[at : at + len(content)] = content
        cut = bytes(data[:end])
        assert sum(len(item) for item in found(backend, cut) if isinstance(item, bytes)) <= len(cut)
        _, status = run(SENSOR, FakeHost({PLACES[backend]: cut}))
        assert status.state in (SensorState.OK, SensorState.PARTIAL), status.details

    check()


def test_slots_that_share_one_package_terminate() -> None:
    data = bytearray(rpm_files.ndb([b"x" * MEGABYTE]))
    for slot in range(48, 4096, 16):
        data[slot : slot + 16] = data[48:64]
    assert data[48:52] == b"Slot"
    assert sum(isinstance(item, bytes) for item in ndb.blobs(bytes(data))) > 200
    with at_most(4 * MEGABYTE):
        items = found("ndb", bytes(data))
    assert sum(isinstance(item, bytes) for item in items) == 1
    assert "overlap" in str(items[-1])


def test_values_that_share_one_chain_of_pages_are_reported() -> None:
    data = bytearray(rpm_files.bdb([b"x" * MEGABYTE, b"y" * MEGABYTE]))
    first, second = 2 * 512, 3 * 512
    assert data[first + 512 - 17 : first + 512 - 5][:1] == b"\3"
    data[second + 512 - 17 : second + 512 - 5] = data[first + 512 - 17 : first + 512 - 5]
    one, other = bdb.blobs(bytes(data))
    assert one == b"x" * MEGABYTE
    assert "belongs to another value" in str(other)


@pytest.mark.parametrize("used", [0, 486])
def test_cyclic_chain_costs_at_most_its_pages(used: int) -> None:
    data = bytearray(rpm_files.bdb([b"b" * 5000]))
    data[3 * 512 + 16 : 3 * 512 + 20] = (3).to_bytes(4, "little")
    data[3 * 512 + 22 : 3 * 512 + 24] = used.to_bytes(2, "little")
    data[2 * 512 + 512 - 9 : 2 * 512 + 512 - 5] = (header.MAX_BLOB_BYTES).to_bytes(4, "little")
    (error,) = bdb.blobs(bytes(data))
    assert "overflow page 3" in str(error)


@pytest.mark.parametrize("length", [header.MAX_BLOB_BYTES + 1, 2**32 - 1])
def test_a_value_larger_than_any_header_is_not_read(length: int) -> None:
    data = bytearray(rpm_files.bdb([b"b" * 5000]))
    data[2 * 512 + 512 - 9 : 2 * 512 + 512 - 5] = length.to_bytes(4, "little")
    (error,) = bdb.blobs(bytes(data))
    assert "larger than a header can be" in str(error)


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE VIEW Packages AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "  # noqa: ISC004
        "SELECT i AS hnum, zeroblob(1000) AS blob FROM n",
        "CREATE VIEW packages AS SELECT 1 AS hnum, zeroblob(60000000) AS blob",
        "CREATE VIRTUAL TABLE Packages USING fts5(hnum, blob)",
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB AS (zeroblob(60000000)));"  # noqa: ISC004
        "INSERT INTO Packages (hnum) VALUES (1), (2), (3)",
        "CREATE TABLE Packages (hnum PRIMARY KEY, blob BLOB) WITHOUT ROWID",
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, data BLOB)",
    ],
    ids=["endless view", "view", "virtual", "generated", "no rowid", "no blob"],
)
def test_fabricated_packages_are_refused(tmp_path: Path, schema: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema)
        hostile = connection.serialize()
    assert isinstance(found("sqlite", hostile)[-1], SensorError)
    (tmp_path / "var/lib/rpm").mkdir(parents=True)
    (tmp_path / "var/lib/rpm/rpmdb.sqlite").write_bytes(hostile)
    with at_most(80 * MEGABYTE):
        records, status = run(SENSOR, LocalHost(str(tmp_path)))
    assert (records, status.state) == ([], SensorState.PARTIAL)


@given(st.lists(st.integers(0, 100)), st.integers(0, 500))
def test_never_yields_more_than_the_file_size(lengths: list[int], size: int) -> None:
    given_out: list[bytes] = []
    try:
        for item in database.within(iter([bytes(length) for length in lengths]), size):
            assert isinstance(item, bytes)
            given_out.append(item)
    except SensorError:
        assert sum(max(16, length) for length in lengths) > size
    else:
        assert len(given_out) == len(lengths)
    assert sum(map(len, given_out)) <= size


def test_endless_damage_terminates() -> None:
    damaged = iter([SensorError("damaged")] * (database.MAX_DAMAGED + 1))
    with pytest.raises(SensorError, match="more than 10000 entries are damaged"):
        list(database.within(damaged, 10 * MEGABYTE))


def test_files_in_a_folder_with_an_endless_name_have_no_path() -> None:
    names = ["a"] * 20_000
    tags: rpm_files.Tags = {1116: [0] * len(names), 1117: names, 1118: ["/" + "x" * MEGABYTE + "/", "/y/"]}
    blob = rpm_files.header(tags)
    with at_most(16 * MEGABYTE):
        assert list(Header(blob).paths()) == []


@pytest.mark.parametrize("counts", [(0, 0), (65536, 0), (2**32 - 1, 2**32 - 1), (1, 2**32 - 1), (65535, 1)])
def test_headers_with_oversized_counts_are_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(SensorError):
        Header(struct.pack(">II", *counts) + bytes(64))


def test_tags_with_oversized_counts_yield_available_values() -> None:
    many = 2**32 - 1
    index = struct.pack(">IIII", 1117, 8, 0, many) + struct.pack(">IIII", 1116, 4, 2, many)
    blob = Header(struct.pack(">II", 2, 10) + index + b"a\0b\0\0\0\0\1\0\0")
    assert blob.texts(1117)[:2] == ["a", "b"]
    assert len(blob.numbers(1116)) == 2
