"""Listening ports, the process that listens on each, and the package that owns its program (F3.15, F3.23).

Without root's rights, other users' open files cannot be seen. Their ports are sent without a process, and the status
counts them.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import encodable
from openinspector.agent.linux.socket_owner import SocketOwner, SocketOwners
from openinspector.agent.linux.socket_table import TCP_TABLES, UDP_TABLES, OpenSocket, parse_table, read_tables
from openinspector.agent.packages.file_owner import owners
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Needs, Sensor, Trigger
from openinspector.model.inventory import ListeningPort, TransportProtocol

_TABLES: Final = tuple(
    (path, partial(parse_table, transport=transport, ip_version=ip_version))
    for transport, tables in ((TransportProtocol.TCP, TCP_TABLES), (TransportProtocol.UDP, UDP_TABLES))
    for path, ip_version in tables
)


def collect(host: Host) -> Iterator[ListeningPort | Incomplete | Absent]:
    """Yield every listening TCP port and every bound UDP port, once for each socket."""
    sockets = yield from read_tables(host, _TABLES)
    search = SocketOwners(host, {socket.inode for socket in sockets})
    processes = search.find()
    owned = owners(host, {process.path for process in processes.values() if process.path})
    yield from search.problems(sum(socket.inode not in processes for socket in sockets), "ports")
    for socket in sockets:
        yield _port(socket, processes.get(socket.inode), owned)


def _port(socket: OpenSocket, process: SocketOwner | None, owned: Mapping[str, str]) -> ListeningPort:
    return ListeningPort(
        transport=socket.transport,
        ip_version=socket.ip_version,
        address=socket.address,
        port=socket.port,
        process_id=process.id if process else None,
        process_name=process.name if process else "",
        process_path=encodable(process.path) if process else "",
        package=owned.get(process.path, "") if process else "",
    )


SENSOR: Final = Sensor(
    name="listening_ports",
    title="Listening ports, their processes and packages",
    records=(ListeningPort,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=LINUX,
    needs=Needs(root=True),
)
