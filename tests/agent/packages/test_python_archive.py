import io
import tracemalloc
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.packages.python_archive import (
    MAX_DIRECTORY_BYTES,
    MAX_METADATA_BYTES,
    PythonArchiveError,
    read_metadata,
)

METADATA = b"Name: a\nVersion: 1\n"


def archive(*names: str, content: bytes = METADATA) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name in names:
            made.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["EGG-INFO/PKG-INFO", "a-1.dist-info/METADATA"])
def test_metadata_of_eggs_and_wheels(name: str) -> None:
    assert read_metadata(archive("a/__init__.py", name)) == METADATA


@pytest.mark.parametrize("name", ["a/EGG-INFO/PKG-INFO", "vendor/a-1.dist-info/METADATA", "METADATA"])
def test_metadata_of_other_packages_does_not_count(name: str) -> None:
    with pytest.raises(PythonArchiveError, match="has no package metadata"):
        read_metadata(archive(name))


def test_a_directory_of_any_size_is_not_read() -> None:
    names = [f"{number}" + "x" * 60_000 for number in range(40)]
    assert sum(map(len, names)) > MAX_DIRECTORY_BYTES
    with pytest.raises(PythonArchiveError, match="has too large a directory"):
        read_metadata(archive(*names))


def test_decompression_bomb_is_read_up_to_the_limit() -> None:
    bomb = archive("EGG-INFO/PKG-INFO", content=bytes(64 * MAX_METADATA_BYTES))
    tracemalloc.start()
    try:
        assert len(read_metadata(bomb)) == MAX_METADATA_BYTES
        assert tracemalloc.get_traced_memory()[1] < 8 * MAX_METADATA_BYTES
    finally:
        tracemalloc.stop()


@given(st.data())
def test_damaged_archives_are_refused_or_read(data: st.DataObject) -> None:
    whole = archive("a.py", "a-1.dist-info/METADATA")
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    with suppress(PythonArchiveError):
        read_metadata(whole[:start] + data.draw(st.binary(max_size=32)) + whole[end:])


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    with suppress(PythonArchiveError):
        read_metadata(b"PK\3\4" + data + b"PK\5\6" + data)
