"""TCP connections with the process that holds each (InspectorTcpV4Connection, F3.15; version 6 beside it).

Listening sockets are another sensor's; connections that only wait for their time to be over (TIME_WAIT) are none any
more and have no process.
"""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.config_file import MISSING, unread
from openinspector.agent.host import Host
from openinspector.agent.sensor import Absent, Incomplete, Needs, Sensor
from openinspector.agent.socket_owner import SocketOwner, SocketOwners
from openinspector.agent.socket_table import ConnectedSocket, parse_connections
from openinspector.model.activity import TcpConnection

TABLES: Final = (("/proc/net/tcp", 4), ("/proc/net/tcp6", 6))
_MAX_CONNECTIONS: Final = 5000


def collect(host: Host) -> Iterator[TcpConnection | Incomplete | Absent]:
    """Yield every connection of TCP."""
    sockets: list[ConnectedSocket] = []
    missing = 0
    for path, ip_version in TABLES:
        try:
            sockets.extend(parse_connections(host.read(path), ip_version))
        except MISSING:
            missing += 1
        except OSError as error:
            yield unread(path, error)
    if missing == len(TABLES):
        yield Absent(reason="No /proc/net on this host.")
        return
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
    needs=Needs(root=True),
    max_bytes=2 * 1024 * 1024,
)
