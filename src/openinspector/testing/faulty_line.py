"""A TCP relay on loopback between an agent and its gateway, with faults: cuts, delays, low bandwidth, black holes.

TLS is end to end, so the relay sees only bytes. Settings can change while connections are open.
"""

import socket
from dataclasses import dataclass
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Final, Self

_READ: Final = 4096
_LOOK_SECONDS: Final = 0.05
_RESET: Final = b"\x01\x00\x00\x00\x00\x00\x00\x00"
"""struct linger: on, 0 seconds. Closing then resets the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The faults of the relay; none by default."""

    accepts: bool = True
    """False: connections are refused."""
    delay: float = 0.0
    """Delay of each piece in seconds."""
    bytes_a_second: float = float("inf")
    """Bytes per second towards the gateway."""
    reset_after: int | None = None
    """Bytes of one connection, both ways, after which it is reset."""
    half_close_after: int | None = None
    """Bytes towards the gateway after which that way ends, and the other stays open."""
    deaf: bool = False
    """True to accept everything and forward nothing."""


class FaultyLine:
    """Use as a context manager; agents connect to ``port``, which forwards to ``gateway_port``."""

    def __init__(self, gateway_port: int) -> None:
        self._gateway_port = gateway_port
        self.quality = Quality()
        self.connections = 0
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self._ending = Event()
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]
        self._thread = Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join()
        self.cut()
        self._listener.close()

    def become(self, quality: Quality) -> None:
        """Change the faults; open connections are affected from the next piece on."""
        self.quality = quality

    def cut(self) -> None:
        """Reset every open connection."""
        with self._lock:
            for end in self._open:
                _reset(end)
            self._open.clear()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port))
        listener.settimeout(_LOOK_SECONDS)
        return listener

    def _accept(self) -> None:
        while not self._ending.is_set():
            try:
                near, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            if not self.quality.accepts:
                _reset(near)
                continue
            Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self._gateway_port))
        except OSError:
            _reset(near)
            return
        with self._lock:
            self._open |= {near, far}
        passed = _Tally()
        back = Thread(target=self._pump, args=(far, near, passed, False), daemon=True)
        back.start()
        self._pump(near, far, passed, True)
        back.join()
        with self._lock:
            self._open -= {near, far}
        near.close()
        far.close()

    def _pump(self, source: socket.socket, sink: socket.socket, passed: "_Tally", forth: bool) -> None:  # noqa: FBT001
        sent = 0
        try:
            while piece := source.recv(_READ):
                quality = self.quality
                self._ending.wait(quality.delay + (len(piece) / quality.bytes_a_second if forth else 0.0))
                if quality.deaf:
                    continue
                sink.sendall(piece)
                sent += len(piece)
                if quality.reset_after is not None and passed.add(len(piece)) > quality.reset_after:
                    _reset(source)
                    _reset(sink)
                    return
                if forth and quality.half_close_after is not None and sent > quality.half_close_after:
                    break
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            _reset(sink)


class _Tally:
    """Bytes of one connection in both directions."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._bytes = 0

    def add(self, size: int) -> int:
        with self._lock:
            self._bytes += size
            return self._bytes


def _reset(end: socket.socket) -> None:
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    finally:
        end.close()
