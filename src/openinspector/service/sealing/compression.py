"""zstd compression of telemetry before it is sealed, with a limit on the decompressed size (RFC 8878)."""

from typing import Final

import zstandard

from openinspector.service.sealing.chunked import SealError

_LEVEL: Final = 3
_SIZE_UNKNOWN: Final = -1


def compress(plaintext: bytes) -> bytes:
    """Return one zstd frame that states its content size and carries a checksum."""
    # A compressor is not safe to share between threads, and making one costs microseconds.
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True, write_content_size=True).compress(plaintext)


def decompress(compressed: bytes, limit: int) -> bytes:
    """Return the content of one frame of at most ``limit`` bytes; raises SealError for anything else."""
    try:
        size = zstandard.frame_content_size(compressed)
        # The library trusts a frame's stated size over `max_output_size`, so check it first.
        if size == _SIZE_UNKNOWN or size > limit:
            raise SealError(f"compressed telemetry states {size} bytes; at most {limit} are allowed")
        return zstandard.ZstdDecompressor().decompress(compressed, max_output_size=limit, allow_extra_data=False)
    except zstandard.ZstdError as refused:
        raise SealError(f"telemetry does not decompress: {refused}") from refused
