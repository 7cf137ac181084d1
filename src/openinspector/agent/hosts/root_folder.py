"""A folder used as ``/``. Its paths are opened name by name, so that no path leads out of it.

A container may change its files during the collection. A path that is resolved first and opened later may have become
a link to a file of this machine. So each name is opened separately without following links (O_PATH and O_NOFOLLOW of
open(2)), the target of a link is followed from the open folders, and the file that was checked is the file that is
read.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MAX_LINKS: Final = 40
"""The number of symbolic links that Linux follows in one path."""
OF_THE_KERNEL: Final = frozenset(("proc", "sys", "dev"))
"""Hidden: file systems mounted there would belong to this machine."""
_PATH_ONLY: Final[int] = getattr(os, "O_PATH", 0)
IS_HERE: Final = bool(_PATH_ONLY)
"""True if the operating system supports it: only Linux does."""


@contextmanager
def opened(root: str, path: str, *, follow: bool = True) -> Iterator[int]:
    """Open the target of ``path`` inside ``root``, for fstat(2) and `reopen` only; raise OSError with ``path``.

    With ``follow`` off, a link at the end of the path is opened itself.
    """
    walk = _Walk(root, path)
    try:
        yield walk.end(follow=follow)
    finally:
        walk.close()


def reopen(descriptor: int, flags: int, path: str) -> int:
    """Open the file of ``descriptor`` for reading; raise OSError."""
    try:
        return os.open(f"/proc/self/fd/{descriptor}", flags | os.O_CLOEXEC)
    except FileNotFoundError as error:  # must not look like a missing file
        raise OSError(errno.ENOSYS, "there is no /proc to open it with", path) from error


def link_target(descriptor: int, path: str) -> str:
    """Return the target of the link of ``descriptor``; raise OSError if it is not a link."""
    if not stat.S_ISLNK(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
    return os.readlink("", dir_fd=descriptor)


class _Walk:
    """The open folders from the root down to the current position in a path."""

    def __init__(self, root: str, path: str) -> None:
        self._path = path
        self._pending = path.split("/")[::-1]
        self._links = 0
        # The root itself may be a link, as /proc/PID/root is.
        self._open = [os.open(root, _PATH_ONLY | os.O_DIRECTORY | os.O_CLOEXEC)]

    def end(self, *, follow: bool) -> int:
        while self._pending:
            part = self._pending.pop()
            if part == "..":
                self._up_to(max(1, len(self._open) - 1))
            elif part not in ("", "."):
                self._enter(part)
                if stat.S_ISLNK(os.fstat(self._open[-1]).st_mode) and (follow or any(self._pending)):
                    self._follow()
        return self._open[-1]

    def close(self) -> None:
        self._up_to(0)

    def _enter(self, part: str) -> None:
        if len(self._open) == 1 and part in OF_THE_KERNEL:
            raise self._error(errno.ENOENT)
        try:
            self._open.append(os.open(part, _PATH_ONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._open[-1]))
        except OSError as error:
            raise self._error(error.errno or errno.EIO) from error

    def _follow(self) -> None:
        self._links += 1
        if self._links > MAX_LINKS:
            raise self._error(errno.ELOOP)
        target = link_target(self._open[-1], self._path)
        self._up_to(1 if target.startswith("/") else len(self._open) - 1)
        self._pending.extend(target.split("/")[::-1])

    def _up_to(self, depth: int) -> None:
        while len(self._open) > depth:
            os.close(self._open.pop())

    def _error(self, code: int) -> OSError:
        return OSError(code, os.strerror(code), self._path)
