"""A server for simulators: it answers in its own thread for the duration of a with-block."""

from socketserver import BaseServer
from threading import Thread
from types import TracebackType
from typing import Generic, Self, TypeVar

S = TypeVar("S", bound=BaseServer)


class BackgroundServer(Generic[S]):
    """Use as a context manager; ``server`` listens already when it is made."""

    def __init__(self, server: S) -> None:
        self._server = server
        self._thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
