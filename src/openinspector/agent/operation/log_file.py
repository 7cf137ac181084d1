"""A log file that the agent rotates itself, for hosts without a journal.

The standard library's RotatingFileHandler follows symbolic links, goes on writing to a file that was deleted, and its
package costs half a megabyte on every host. Because each line checks that the file is still in place, SIGHUP is not
needed. A log on a file system that hangs blocks the agent; systemd's watchdog then restarts it.
"""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from openinspector.agent.files.open_flags import NO_TERMINAL, NON_BLOCKING, PRIVATE_FILE
from openinspector.model.errors import OpenInspectorError

MODE: Final = 0o640
_FOLDER_MODE: Final = 0o750
_FLAGS: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | NON_BLOCKING | NO_TERMINAL | PRIVATE_FILE


class LogFileError(OpenInspectorError):
    """A log file that cannot be used."""


class LogFile:
    """At most ``files`` files: ``path`` and the older ``path.1``, ``path.2`` …, each of at most ``max_bytes``.

    A file that was deleted or moved away is created again with the next line. Links, devices and files with a second
    name are never written to: the agent is root, but their creator may not be.
    """

    def __init__(self, path: Path, max_bytes: int, files: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._files = files
        self._descriptor: int | None = None
        self._torn = False
        """True if the last line is incomplete."""
        try:
            self._open()
        except OSError as error:
            raise LogFileError(
                f"the log file {path} cannot be used: {error.strerror}",
                advice="Set log_file to a file in a folder that only root may write to, or leave it out.",
            ) from error

    def write(self, text: str) -> int:
        """Append ``text``; raises OSError if not all of it could be written."""
        content = ("\n" if self._torn else "") + text
        data = content.encode(errors="backslashreplace")
        descriptor = self._current(len(data))
        self._torn = os.write(descriptor, data) < len(data)
        if self._torn:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return len(text)

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _current(self, more: int) -> int:
        """Return the descriptor to write ``more`` bytes to."""
        descriptor = self._descriptor
        if descriptor is None or not self._is_in_place(descriptor):
            descriptor = self._open()
        size = os.fstat(descriptor).st_size
        if size and size + more > self._max_bytes:
            self._rotate()
            descriptor = self._open()
        return descriptor

    def _is_in_place(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.lstat())
        except OSError:
            return False

    def _rotate(self) -> None:
        names = [self._path, *(self._path.with_name(f"{self._path.name}.{n}") for n in range(1, self._files))]
        names[-1].unlink(missing_ok=True)
        for newer, older in zip(names[-2::-1], names[:0:-1], strict=True):
            with suppress(FileNotFoundError):
                newer.rename(older)

    def _open(self) -> int:
        self.close()
        self._path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        if self._path.parent.stat().st_mode & stat.S_IWOTH:
            raise OSError(errno.EPERM, "everyone may write to its folder")
        descriptor = os.open(self._path, _FLAGS, MODE)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            os.close(descriptor)
            raise OSError(errno.EPERM, "it is not a regular file with a single link")
        self._descriptor = descriptor
        return descriptor
