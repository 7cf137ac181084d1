"""The processes that hold sockets: their numbers in ``/proc/net`` are searched among the open files of all processes.

Without root's rights, other users' open files cannot be seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import decode, encodable
from openinspector.agent.linux.process_table import DELETED, ENDED
from openinspector.agent.sensor import Incomplete

MAX_OPEN_FILES: Final = 500_000
_INIT: Final = 1
"""The process that opens and keeps the sockets of services that start on demand (systemd.socket(5))."""
_MAX_NAME_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class SocketOwner:
    """A process that holds a socket; name and path are empty if they cannot be seen."""

    id: int
    name: str
    path: str


class SocketOwners:
    """Searches the processes' open files for sockets, until all are found."""

    def __init__(self, host: Host, inodes: set[int]) -> None:
        self._host = host
        self._left = {f"socket:[{inode}]": inode for inode in inodes}
        self._room = MAX_OPEN_FILES
        self._hidden = 0

    def find(self) -> dict[int, SocketOwner]:
        """Return the process of lowest id that holds each socket, by number: the parent of a forking server.

        If init and another process hold a socket, the other one counts, because it answers.
        """
        found: dict[int, SocketOwner] = {}
        try:
            for process in self._host.processes():
                if not self._left or self._room <= 0:
                    break
                inodes = self._sockets_of(process)
                if inodes:
                    described = self._describe(process)
                    found.update(dict.fromkeys(inodes, described))
                if process == _INIT:
                    self._left.update((f"socket:[{inode}]", inode) for inode in inodes)
        except OSError:
            self._hidden += 1
        return found

    def problems(self, unfound: int, what: str) -> Iterator[Incomplete]:
        """Yield the reasons why ``unfound`` sockets have no process; ``what`` names the sockets, in the plural.

        Without such a reason they belong to the kernel.
        """
        if self._room <= 0:
            yield Incomplete(reason=f"Stopped after {MAX_OPEN_FILES} open files; {unfound} {what} have no process.")
        elif unfound and self._hidden:
            yield Incomplete(
                reason=f"The open files of {self._hidden} processes could not be seen, so {unfound} {what} have no "
                "process. Run the agent as root to see them."
            )

    def _sockets_of(self, process: int) -> list[int]:
        folder = f"/proc/{process}/fd"
        try:
            names = self._host.names(folder)
        except ENDED:  # it has ended
            return []
        except OSError:
            self._hidden += 1
            return []
        found: list[int] = []
        self._room -= len(names)
        for name in names:
            try:
                inode = self._left.pop(self._host.readlink(f"{folder}/{name}"), None)
            except OSError:
                continue
            if inode is not None:
                found.append(inode)
        return found

    def _describe(self, process: int) -> SocketOwner:
        try:
            path = self._host.readlink(f"/proc/{process}/exe").removesuffix(DELETED)
        except OSError:
            path = ""
        try:
            name = decode(self._host.read(f"/proc/{process}/comm", _MAX_NAME_BYTES)).strip()
        except OSError:
            name = encodable(path.rpartition("/")[2])
        return SocketOwner(process, name, path)
