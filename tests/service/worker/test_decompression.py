import bz2
import gzip
import io
import lzma

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from openinspector.service.worker.decompression import BROKEN, BoundedStream, compression_of, decompressed

COMPRESSED = {
    ".gz": gzip.compress(b"content", mtime=0),
    ".bz2": bz2.compress(b"content"),
    ".xz": lzma.compress(b"content"),
    ".zst": zstandard.ZstdCompressor().compress(b"content"),
    "": b"content",
}


@pytest.mark.parametrize("ending", COMPRESSED)
def test_compression_is_detected_by_magic_bytes(ending: str) -> None:
    assert compression_of(COMPRESSED[ending]) == ending
    assert decompressed(io.BytesIO(COMPRESSED[ending]), ending).read(100) == b"content"


def test_an_unknown_ending_is_refused() -> None:
    with pytest.raises(ValueError, match="rar"):
        decompressed(io.BytesIO(), ".rar")


@given(st.binary(max_size=200), st.integers(min_value=0, max_value=250))
def test_bounded_stream_ends_at_its_limit(content: bytes, length: int) -> None:
    assert io.BufferedReader(BoundedStream(io.BytesIO(content), length)).read() == content[:length]


@given(st.binary(max_size=200), st.integers(min_value=0, max_value=250))
def test_a_strict_one_refuses_more(content: bytes, length: int) -> None:
    stream = io.BufferedReader(BoundedStream(io.BytesIO(content), length, strict=True))
    if len(content) > length:
        with pytest.raises(ValueError, match="more than it may"):
            stream.read()
    else:
        assert stream.read() == content


@given(st.sampled_from([ending for ending in COMPRESSED if ending]), st.binary(max_size=100))
def test_garbage_raises_only_declared_errors(ending: str, garbage: bytes) -> None:
    try:
        decompressed(io.BytesIO(COMPRESSED[ending][:6] + garbage), ending).read(1000)
    except BROKEN:
        return
