"""Fetches files for the TUF client: over the agent's HTTP, from one server, no redirects, in bounded time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from tuf.api.exceptions import DownloadError, DownloadHTTPError
from tuf.ngclient import FetcherInterface

from openinspector.agent.connection.http_connection import HttpConnection, HttpError

DEADLINE: Final = 900.0
"""Time limit for one file in seconds."""
_OK: Final = 200
_SAFE: Final = "/%:=&~+!$,;'@()*[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The one server that files are fetched from."""

    scheme: str
    netloc: str
    """As in URLs."""
    connect: Callable[[], HttpConnection]
    """Opens a connection to it; OSError, HttpError."""


class OriginFetcher(FetcherInterface):
    """Fetches from one origin.

    The TUF client sets the maximum size of a file, which is enforced during the transfer.
    """

    def __init__(self, origin: Origin, monotonic: Callable[[], float], deadline: float = DEADLINE) -> None:
        self._origin = origin
        self._monotonic = monotonic
        self._deadline = deadline

    def _fetch(self, url: str) -> Iterator[bytes]:
        parts = urlsplit(url)
        if (parts.scheme, parts.netloc) != (self._origin.scheme, self._origin.netloc):
            raise DownloadError(f"{url[:200]} is not of {self._origin.netloc}")
        until = self._monotonic() + self._deadline

        def check() -> None:
            if self._monotonic() > until:
                raise TimeoutError("it takes too long")

        connection = self._connected(url)
        try:
            reply = connection.get(quote(parts.path, safe=_SAFE), check)
        except (OSError, HttpError, ValueError) as error:
            connection.close()
            raise _failed(url, error) from error
        if reply.status != _OK:
            connection.close()
            raise DownloadHTTPError(f"{url[:200]}: {self._origin.netloc} answered {reply.status}", reply.status)
        return _read(url, reply.parts, connection)

    def _connected(self, url: str) -> HttpConnection:
        try:
            return self._origin.connect()
        except (OSError, HttpError, ValueError) as error:
            raise _failed(url, error) from error


def _read(url: str, parts: Iterator[bytes], connection: HttpConnection) -> Iterator[bytes]:
    try:
        yield from parts
    except (OSError, HttpError) as error:
        raise _failed(url, error) from error
    finally:
        connection.close()


def _failed(url: str, error: Exception) -> DownloadError:
    return DownloadError(f"{url[:200]} cannot be fetched: {str(error) or type(error).__name__}")
