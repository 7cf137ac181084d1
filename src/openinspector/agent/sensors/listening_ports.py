"""Listening ports, with the process that listens and the package that owns its program (F3.15, F3.23).

The socket's number in ``/proc/net`` is looked for among the open files of every process. Without root's rights the
open files of others cannot be seen; such ports are sent without process, and the status counts them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from openinspector.agent.config_file import MISSING, decode, printable, unread
from openinspector.agent.file_owner import owners
from openinspector.agent.host import Host
from openinspector.agent.sensor import Absent, Incomplete, Needs, Sensor
from openinspector.agent.socket_table import TABLES, OpenSocket, parse_table
from openinspector.model.inventory import ListeningPort

_DELETED: Final = " (deleted)"
"""What Linux adds to a program's path once the file is gone, as after an update."""
_MAX_OPEN_FILES: Final = 500_000
_MAX_NAME_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class _Process:
    id: int
    name: str
    path: str


def collect(host: Host) -> Iterator[ListeningPort | Incomplete | Absent]:
    """Yield every listening TCP port and every bound UDP port, once for each socket."""
    sockets: list[OpenSocket] = []
    missing = 0
    for path, transport, ip_version in TABLES:
        try:
            sockets.extend(parse_table(host.read(path), transport, ip_version))
        except MISSING:
            missing += 1
        except OSError as error:
            yield unread(path, error)
    if missing == len(TABLES):
        yield Absent(reason="No /proc/net on this host.")
        return
    search = _Search(host, {socket.inode for socket in sockets})
    processes = search.run()
    owned = owners(host, {process.path for process in processes.values() if process.path})
    yield from search.problems(sum(socket.inode not in processes for socket in sockets))
    for socket in sockets:
        yield _port(socket, processes.get(socket.inode), owned)


def _port(socket: OpenSocket, process: _Process | None, owned: Mapping[str, str]) -> ListeningPort:
    return ListeningPort(
        transport=socket.transport,
        ip_version=socket.ip_version,
        address=socket.address,
        port=socket.port,
        process_id=process.id if process else None,
        process_name=process.name if process else "",
        process_path=printable(process.path) if process else "",
        package=owned.get(process.path, "") if process else "",
    )


class _Search:
    """Looks through the processes' open files for some sockets, until all are found."""

    def __init__(self, host: Host, inodes: set[int]) -> None:
        self._host = host
        self._left = {f"socket:[{inode}]": inode for inode in inodes}
        self._room = _MAX_OPEN_FILES
        self._hidden = 0

    def run(self) -> dict[int, _Process]:
        """Return socket number to the process of lowest id that holds it: of a forking server, the parent."""
        found: dict[int, _Process] = {}
        try:
            for process in self._host.processes():
                if not self._left or self._room <= 0:
                    break
                inodes = self._sockets_of(process)
                if inodes:
                    described = self._describe(process)
                    found.update(dict.fromkeys(inodes, described))
        except OSError:
            self._hidden += 1
        return found

    def problems(self, unfound: int) -> Iterator[Incomplete]:
        """Yield what kept the search from seeing ``unfound`` sockets' processes; sockets of the kernel have none."""
        if self._room <= 0:
            yield Incomplete(reason=f"Stopped after {_MAX_OPEN_FILES} open files; {unfound} ports have no process.")
        elif unfound and self._hidden:
            yield Incomplete(
                reason=f"The open files of {self._hidden} processes could not be seen, so {unfound} ports have no "
                "process. Run the agent as root to see them."
            )

    def _sockets_of(self, process: int) -> list[int]:
        folder = f"/proc/{process}/fd"
        try:
            names = self._host.names(folder)
        except MISSING:  # ended meanwhile
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

    def _describe(self, process: int) -> _Process:
        try:
            path = self._host.readlink(f"/proc/{process}/exe").removesuffix(_DELETED)
        except OSError:
            path = ""
        try:
            name = decode(self._host.read(f"/proc/{process}/comm", _MAX_NAME_BYTES)).strip()
        except OSError:
            name = printable(path.rpartition("/")[2])
        return _Process(process, name, path)


SENSOR: Final = Sensor(
    name="listening_ports",
    title="Listening ports, their processes and packages",
    records=(ListeningPort,),
    collect=collect,
    needs=Needs(root=True),
)
