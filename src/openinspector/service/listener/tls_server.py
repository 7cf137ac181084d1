"""uvicorn's server with its own accept loop, so that connections are limited before TLS begins.

asyncio reports a TLS connection only after its handshake: with uvicorn's own listener a silent peer is
neither counted nor refused early. Here each accepted socket is admitted first, then given to the event loop together
with a time limit for the handshake. (`loop.start_tls` on a plain listener does not serve: uvloop begins to read as soon
as a connection is made and loses the first bytes.)
"""

import asyncio
import errno
import socket
import ssl
from dataclasses import dataclass
from typing import Final

import structlog
import uvicorn

from openinspector.service.listener.connections import Connection, Connections
from openinspector.service.listener.http_protocol import BoundedHttpProtocol, TimeLimits

_RETRY_SECONDS: Final = 0.1
"""Pause after an accept that failed for lack of file descriptors or memory."""
_LACKING: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """State that the connections of a listener share."""

    tls: ssl.SSLContext
    connections: Connections
    limits: TimeLimits


class TlsServer(uvicorn.Server):
    """Serves the application of ``config`` over TLS on bound sockets. ``config`` has no certificate."""

    def __init__(self, config: uvicorn.Config, door: Door) -> None:
        super().__init__(config)
        self._door = door
        self._accepting: list[asyncio.Task[None]] = []
        self._handshakes: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then accept connections on ``sockets``."""
        await super().startup(sockets=[])
        for listener in sockets or []:
            listener.listen(self.config.backlog)
            listener.setblocking(False)
            self._accepting.append(asyncio.create_task(self._accept(listener)))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, abort handshakes, and let requests finish."""
        stopped = [*self._accepting, *self._handshakes]
        for task in stopped:
            task.cancel()
        await asyncio.gather(*stopped, return_exceptions=True)
        await super().shutdown(sockets)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(listener)
            except OSError as error:
                # The peer may be gone already; lack of descriptors passes when connections end.
                if error.errno in _LACKING:
                    _log.warning("listener cannot accept", error=str(error))
                    self._door.connections.counters.connection_refused("descriptors")
                    await asyncio.sleep(_RETRY_SECONDS)
                continue
            connection = self._door.connections.admit(str(address[0]))
            if connection is None:
                accepted.close()
                continue
            task = loop.create_task(self._begin(accepted, connection))
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)

    async def _begin(self, accepted: socket.socket, connection: Connection) -> None:
        """Complete the TLS handshake; the event loop then calls the HTTP protocol."""
        limits = self._door.limits

        def http() -> BoundedHttpProtocol:
            return BoundedHttpProtocol(
                self.config, self.server_state, self.lifespan.state, connection=connection, limits=limits
            )

        begun = False
        try:
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().connect_accepted_socket(
                http,
                accepted,
                ssl=self._door.tls,
                ssl_handshake_timeout=limits.handshake,
                ssl_shutdown_timeout=limits.shutdown,
            )
            begun = True
        except OSError as error:  # ssl.SSLError is one; a timeout raises another
            self._door.connections.counters.connection_closed("tls" if isinstance(error, ssl.SSLError) else "handshake")
        finally:
            if not begun:
                connection.release()
                accepted.close()
