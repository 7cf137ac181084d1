"""Documents of native feeds out of the archives of shared data, as the syncer would hand them to a feed."""

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import zstandard

from openinspector.feed import Document, Source
from openinspector.service.worker.feed_sync import known_feeds

FEEDS = known_feeds()
VULS = "vuls-data-update-feeds"


def members(archive: Path, pattern: str) -> Iterator[Document]:
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and re.search(pattern, member.name):
                stream = tar.extractfile(member)
                assert stream is not None
                yield from plain(member.name, stream.read())


def unzstd(content: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(content)


UNPACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".xz": lzma.decompress,
    ".bz2": bz2.decompress,
    ".zst": unzstd,
}


def plain(name: str, content: bytes) -> Iterator[Document]:
    """Yield a member as the syncer would: decompressed, archives taken apart."""
    ending = name[name.rfind(".") :]
    if ending in UNPACKERS:
        yield from plain(name.removesuffix(ending), UNPACKERS[ending](content))
    elif name.endswith(".tar"):
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            for member in tar:
                stream = tar.extractfile(member) if member.isfile() else None
                if stream is not None:
                    yield Document(source=Source(name=member.name, url="https://feed.example/x"), content=stream.read())
    elif name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for inner in archive.namelist():
                yield Document(source=Source(name=inner, url="https://feed.example/x"), content=archive.read(inner))
    else:
        yield Document(source=Source(name=name, url="https://feed.example/x"), content=content)
