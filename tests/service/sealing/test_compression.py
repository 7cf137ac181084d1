"""zstd with a cap."""

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from openinspector.service.sealing.chunked import SealError
from openinspector.service.sealing.compression import compress, decompress


@given(st.binary(max_size=5000))
def test_decompress_undoes_compress(plaintext: bytes) -> None:
    assert decompress(compress(plaintext), 5000) == plaintext


def test_bomb_is_refused_before_decompression() -> None:
    bomb = compress(bytes(64 * 1024 * 1024))
    assert len(bomb) < 10_000
    with pytest.raises(SealError, match="67108864 bytes"):
        decompress(bomb, 1024)


def test_a_frame_that_hides_its_size_is_refused() -> None:
    hidden = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(64 * 1024))
    with pytest.raises(SealError, match="at most"):
        decompress(hidden, 1024)


def test_a_second_frame_is_refused() -> None:
    with pytest.raises(SealError):
        decompress(compress(b"one") + compress(b"two"), 1024)


@given(st.binary(max_size=100))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(SealError):
        decompress(noise, 1024)


@given(st.data())
def test_a_cut_frame_is_refused(data: st.DataObject) -> None:
    frame = compress(b"telemetry " * 50)
    with pytest.raises(SealError):
        decompress(frame[: data.draw(st.integers(0, len(frame) - 1))], 1024)
