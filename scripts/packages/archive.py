"""Archives whose bytes depend on nothing but the tree: tar, its gzip, and the ar of Debian packages."""

import gzip
import io
import lzma
import tarfile
from collections.abc import Sequence

from scripts.packages.tree import FOLDER, Tree

_AR_MAGIC = b"!<arch>\n"


def tar(tree: Tree, epoch: int, prefix: str = "") -> bytes:
    """Return the tree as a tar (GNU format), sorted, everything root's, everything of one time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in tree.folders():
            archive.addfile(_member(prefix + path, tarfile.DIRTYPE, FOLDER, epoch))
        for path, file in tree:
            member = _member(prefix + path, tarfile.REGTYPE, file.mode, epoch)
            member.size = len(file.content)
            archive.addfile(member, io.BytesIO(file.content))
    return buffer.getvalue()


def gzipped(content: bytes) -> bytes:
    """Return the content as gzip, without a name or a time in it."""
    return gzip.compress(content, compresslevel=6, mtime=0)


def xz(content: bytes) -> bytes:
    """Return the content as xz, one block: the same bytes however many cores there are."""
    return lzma.compress(content, preset=3)


def ar(members: Sequence[tuple[str, bytes]], epoch: int) -> bytes:
    """Return a Unix ar archive (deb(5))."""
    parts = [_AR_MAGIC]
    for name, content in members:
        parts.append(f"{name:<16}{epoch:<12}{0:<6}{0:<6}{0o100644:<8o}{len(content):<10}`\n".encode())
        parts.append(content + b"\n" * (len(content) % 2))
    return b"".join(parts)


def _member(path: str, kind: bytes, mode: int, epoch: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path)
    member.type, member.mode, member.mtime = kind, mode, epoch
    member.uname = member.gname = "root"
    return member
