"""Hosts that change during a collection, or have endless folders."""

import errno
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from openinspector.agent.host import MAX_FILE_BYTES, FileStatus, Folder
from openinspector.testing.fake_host import FakeHost, FakeSystem, Node

_AGAIN: Final = "again"
_SECONDS_A_QUESTION: Final = 0.001


class RacingHost(FakeHost):
    """Refuses the calls whose numbers, from 0, are in ``failures``, as a host does if files have just been deleted."""

    def __init__(
        self, files: Mapping[str, bytes | str | Node], system: FakeSystem, failures: Mapping[int, int]
    ) -> None:
        """``failures`` maps numbers of calls to errno values."""
        super().__init__(files, system)
        self._failures = failures
        self._asked = 0

    def read(self, path: str, max_bytes: int = MAX_FILE_BYTES) -> bytes:
        """As `FakeHost.read`, if the file is still there."""
        self._race(path)
        return super().read(path, max_bytes)

    def readlink(self, path: str) -> str:
        """As `FakeHost.readlink`, if the link is still there."""
        self._race(path)
        return super().readlink(path)

    def status(self, path: str) -> FileStatus:
        """As `FakeHost.status`, if the path is still there."""
        self._race(path)
        return super().status(path)

    def names(self, path: str) -> tuple[str, ...]:
        """As `FakeHost.names`, if the folder is still there."""
        self._race(path)
        return super().names(path)

    def folder(self, path: str) -> Folder:
        """As `FakeHost.folder`, if the folder is still there."""
        self._race(path)
        return super().folder(path)

    def _race(self, path: str) -> None:
        code = self._failures.get(self._asked)
        self._asked += 1
        if code is not None:
            raise OSError(code, os.strerror(code), path)


class EndlessHost(FakeHost):
    """Every folder holds another one, and each call takes a millisecond of the host's own clock."""

    def __init__(self, files: Mapping[str, bytes | str | Node], system: FakeSystem) -> None:
        super().__init__(files, system)
        self.seconds = 0.0

    def clock(self) -> float:
        """Return the time that all calls so far have taken."""
        return self.seconds

    def read(self, path: str, max_bytes: int = MAX_FILE_BYTES) -> bytes:
        """As `FakeHost.read`; the endless folders cannot be read."""
        self._pass(path)
        if path.endswith(_AGAIN):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        return super().read(path, max_bytes)

    def readlink(self, path: str) -> str:
        """As `FakeHost.readlink`."""
        self._pass(path)
        return super().readlink(path)

    def status(self, path: str) -> FileStatus:
        """As `FakeHost.status`, or a folder's."""
        self._pass(path)
        return super().status("/" if path.endswith(_AGAIN) else path)

    def folder(self, path: str) -> Folder:
        """As `FakeHost.folder`, with one more folder."""
        self._pass(path)
        found = Folder(device=1, folders=(), files=()) if path.endswith(_AGAIN) else super().folder(path)
        return replace(found, folders=(*found.folders, _AGAIN))

    def names(self, path: str) -> tuple[str, ...]:
        """Return a folder's names and one more folder."""
        self._pass(path)
        if path.endswith(_AGAIN):
            return (_AGAIN, f"more-{_AGAIN}")
        return (*super().names(path), _AGAIN)

    def _pass(self, _: str) -> None:
        self.seconds += _SECONDS_A_QUESTION
