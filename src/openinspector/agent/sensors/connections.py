"""TCP connections and the processes that hold them (InspectorTcpV4Connection, F3.15; IPv6 as well).

Another sensor collects listening sockets. Sockets in TIME_WAIT are closed and have no process: they are left out.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.socket_owner import SocketOwner, SocketOwners
from openinspector.agent.linux.socket_table import TCP_TABLES, ConnectedSocket, parse_connections, read_tables
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Needs, Sensor, Trigger
from openinspector.model.activity import TcpConnection

_TABLES: Final = tuple((path, partial(parse_connections, ip_version=ip_version)) for path, ip_version in TCP_TABLES)
_MAX_CONNECTIONS: Final = 5000


def collect(host: Host) -> Iterator[TcpConnection | Incomplete | Absent]:
    """Yield every TCP connection."""
    sockets = yield from read_tables(host, _TABLES)
    if len(sockets) > _MAX_CONNECTIONS:
        yield Incomplete(reason=f"{len(sockets)} connections; the first {_MAX_CONNECTIONS} were sent.")
        del sockets[_MAX_CONNECTIONS:]
    search = SocketOwners(host, {socket.inode for socket in sockets if socket.inode})
    owners = search.find()
    yield from search.problems(sum(socket.inode not in owners for socket in sockets if socket.inode), "connections")
    for socket in sockets:
        yield _connection(socket, owners.get(socket.inode))


def _connection(socket: ConnectedSocket, owner: SocketOwner | None) -> TcpConnection:
    return TcpConnection(
        ip_version=socket.ip_version,
        state=socket.state,
        local_address=socket.local[0],
        local_port=socket.local[1],
        remote_address=socket.remote[0],
        remote_port=socket.remote[1],
        process_id=owner.id if owner else None,
        process_name=owner.name if owner else "",
    )


SENSOR: Final = Sensor(
    name="connections",
    title="TCP connections and their processes",
    records=(TcpConnection,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=LINUX,
    needs=Needs(root=True),
    max_bytes=2 * 1024 * 1024,
)
