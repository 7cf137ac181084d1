"""uvicorn's HTTP protocol with limits on the time and memory that a peer can use.

uvicorn limits only the idle time after a response, and any byte cancels that limit. Here every stage has a limit that
the peer's bytes do not extend:

- **head**: from the first byte of a request (on a new connection, from its beginning) to the end of the headers.
- **body**: a fixed time, and a second for each `SLOWEST_BYTES_A_SECOND` announced.
- **response**: no limit on the application. A peer that stops reading is dropped after `write` seconds.
- **idle**: between requests. Longer for a connection that an agent has proved to be its own.

Memory is bounded too: bytes of headers and chunk framing, number of headers, and pipelined requests. uvicorn
and llhttp bound none of them.
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from openinspector.service.listener.connections import Connection
from openinspector.wire.envelope import MAX_ENVELOPE_BYTES, SLOWEST_BYTES_A_SECOND

MAX_HEAD_BYTES: Final = 64 * 1024
"""Request line and headers; also the framing of a chunked body in addition to `_FRAMING_PER_BYTE`."""
MAX_HEADERS: Final = 128
MAX_PIPELINED: Final = 8
"""Requests sent ahead of the response to an earlier one."""
CONNECTION: Final = "connection"
"""Key of the ASGI scope's ``state`` that holds the request's `Connection`."""
_FRAMING_PER_BYTE: Final = 8
"""A body in chunks of one byte has six bytes of framing each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """Limits on waiting for a peer, in seconds."""

    handshake: float = 10
    head: float = 15
    body: float = 65
    """Above the gateway's own limit (`openinspector.service.gateway.request.BODY_SECONDS`), which answers first."""
    idle: float = 60
    proven_idle: float = 320
    """Above the longest heartbeat interval (300 s), so that agents keep their connections."""
    write: float = 60
    shutdown: float = 5
    """Time for a peer to read the last bytes and end TLS, or to stop sending a refused body."""


class Stage(StrEnum):
    """The stage of a connection."""

    HEAD = "head"
    BODY = "body"
    RESPONSE = "response"
    IDLE = "idle"
    CLOSING = "closing"


class PeerError(Exception):
    """The peer exceeded a limit. Raised in a parser's callback: uvicorn answers 400 and closes the connection."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """The HTTP protocol of one connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        *,
        connection: Connection,
        limits: TimeLimits,
    ) -> None:
        super().__init__(config, server_state, {**app_state, CONNECTION: connection})
        self._connection = connection
        # uvicorn's own idle limit must not come first.
        self.timeout_keep_alive = int(limits.proven_idle) + 1
        self._limits = limits
        self._stage = Stage.HEAD
        self._timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._framing = 0
        """Bytes received since the request began that are not body."""
        self._body = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time limit of the first request."""
        super().connection_made(transport)
        self._enter(Stage.HEAD, self._limits.head)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop counting the connection."""
        self._connection.release()
        for timer in (self._timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        # The handshake may fail.
        if cast("asyncio.Transport | None", self.transport) is not None:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse received bytes; refuse a request whose head or framing is too large."""
        if self.transport.is_closing():
            return
        self._framing += len(data)
        super().data_received(data)
        if self._framing > MAX_HEAD_BYTES + _FRAMING_PER_BYTE * self._body and not self.transport.is_closing():
            self._count("size")
            self.send_400_response("The request's headers are too large.")

    def on_message_begin(self) -> None:
        """Start the time limit of a request's head."""
        if len(self.pipeline) >= MAX_PIPELINED:
            self._count("pipeline")
            raise PeerError("too many requests before a response")
        super().on_message_begin()
        self._framing = self._body = 0
        # The first request has its time from the connection's beginning.
        if self._stage is not Stage.HEAD:
            self._enter(Stage.HEAD, self._limits.head)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Accept a header, or a trailer of a chunked body."""
        if len(self.headers) >= MAX_HEADERS:
            self._count("size")
            raise PeerError("too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the time limit of the body, by its announced length."""
        super().on_headers_complete()
        self._enter(Stage.BODY, self._limits.body + _announced(self.headers) / SLOWEST_BYTES_A_SECOND)

    def on_body(self, body: bytes) -> None:
        """Count bytes of the body."""
        self._framing -= len(body)
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the application, or for the next request if the response is sent already."""
        super().on_message_complete()
        self._enter(Stage.RESPONSE, None)
        self._rest()

    def on_response_complete(self) -> None:
        """Wait for the next request. A peer whose body was refused has a moment to stop sending it."""
        super().on_response_complete()
        if self._stage is Stage.BODY and self.cycle.response_complete:
            self._enter(Stage.CLOSING, self._limits.shutdown)
        self._rest()

    def pause_writing(self) -> None:
        """Start the time limit of a peer that does not read."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(self._limits.write, self._drop, "write")

    def resume_writing(self) -> None:
        """Stop the time limit: the peer reads again."""
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _rest(self) -> None:
        if self._stage is Stage.RESPONSE and self.cycle.response_complete:
            proven = self._connection.agent_id is not None
            self._enter(Stage.IDLE, self._limits.proven_idle if proven else self._limits.idle)

    def _enter(self, stage: Stage, seconds: float | None) -> None:
        self._stage = stage
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        if self.flow.read_paused and self._stage in (Stage.HEAD, Stage.BODY):
            # The application is not reading: the peer is not to blame.
            self._enter(self._stage, self._limits.body)
        elif self._stage is Stage.CLOSING or self.transport.is_closing():
            self.transport.abort()
        else:
            self._count(str(self._stage))
            self.transport.close()
            self._enter(Stage.CLOSING, self._limits.shutdown)

    def _drop(self, reason: str) -> None:
        self._count(reason)
        self.transport.abort()

    def _count(self, reason: str) -> None:
        self._connection.connections.counters.connection_closed(reason)


def _announced(headers: list[tuple[bytes, bytes]]) -> int:
    """Return the length of body to allow time for: the announced one, or the maximum of all endpoints."""
    for name, value in headers:
        if name == b"content-length":
            # The parser has checked that these are digits.
            return min(int(value[:20]), MAX_ENVELOPE_BYTES)
        if name == b"transfer-encoding":
            return MAX_ENVELOPE_BYTES
    return 0
