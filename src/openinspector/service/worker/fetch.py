"""Fetches documents: conditional requests, size limits, checksums, retries, and a workspace on disk.

- https only; plain http if the caller authenticates the content otherwise; never downgraded.
- ``file://`` only within a folder the operator named.
- Fetched documents stay in the workspace with their validators, so that unchanged ones are not sent again.
- An interrupted transfer is continued if the server still has the same file (RFC 9110, section 14.2), because feeds
  have hundreds of megabytes.
- An optional deadline limits everything: name lookup, connection, every read, every retry.
"""

import hashlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import httpx
import msgspec

from openinspector import __version__
from openinspector.model.errors import FeedError
from openinspector.service.worker.partial_transfer import Partial, take_partial
from openinspector.service.worker.release_signature import verify_beside

_ATTEMPTS: Final = 3
_PAUSES: Final = (0.5, 2.0)
_REDIRECTS: Final = 5
_CONNECT_SECONDS: Final = 10.0
_READ_SECONDS: Final = 30.0
_MAX_SIGNATURE: Final = 256 * 1024
_COMPRESSED: Final = (".gz", ".bz2", ".xz", ".zst", ".zip", ".tgz", ".deb")


class FetchError(FeedError):
    """A document that cannot be fetched."""


class _RetryableError(Exception):
    """A temporary failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """A document to fetch and the accepted content."""

    url: str
    max_bytes: int = 256 * 1024 * 1024
    sha256: str = ""
    """Hexadecimal; empty: any content."""
    signature: str = ""
    """URL of the document's OpenPGP signature, checked if there are keyrings."""
    keyrings: tuple[str, ...] = ()
    """Keyrings to check it with; empty: the fetcher's."""
    plain_http: bool = False
    """True if http is allowed: for archives whose content is signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A document on disk."""

    path: Path
    url: str
    sha256: str
    size: int
    validator: str = ""
    """ETag, or Last-Modified if absent."""
    modified: datetime | None = None
    transferred_bytes: int = 0
    verified: bool = False
    """Whether its signature was checked."""


class _Meta(msgspec.Struct, frozen=True, kw_only=True):
    """Metadata of a document, stored beside it as JSON."""

    url: str
    sha256: str
    size: int
    etag: str = ""
    last_modified: str = ""


class FetchDeadline:
    """The time by which everything must be done."""

    def __init__(self, seconds: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = None if seconds is None else clock() + seconds

    def within(self, seconds: float) -> float:
        """Return ``seconds`` or the remaining time, whichever is less; FetchError if none is left."""
        if self._end is None:
            return seconds
        left = self._end - self._clock()
        if left <= 0:
            raise FetchError("the time allowed for fetching is over", advice="Allow more time, or use a mirror.")
        return min(seconds, left)


class Fetcher:
    """Fetches into a workspace folder. Safe for several threads."""

    def __init__(
        self,
        workspace: Path,
        *,
        tls: ssl.SSLContext | None = None,
        deadline: FetchDeadline | None = None,
        files_within: Path | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.workspace = workspace
        self._deadline = deadline or FetchDeadline(None)
        self._files_within = files_within.resolve() if files_within else None
        self.keyrings: tuple[Path, ...] = ()
        """Keyrings that signatures are checked with, where a document names none."""
        self._sleep = sleep
        self._client = httpx.Client(
            verify=tls or ssl.create_default_context(),
            headers={"User-Agent": f"openinspector/{__version__}"},
            limits=httpx.Limits(max_connections=16),
        )
        workspace.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        """Return this."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        self._client.close()

    def fetch(self, want: Want) -> Fetched:
        """Return the document; FetchError."""
        fetched = self._fetch(want)
        keyrings = tuple(map(Path, want.keyrings)) or self.keyrings
        if not want.signature or not keyrings:
            return fetched
        try:
            beside = self._fetch(Want(url=want.signature, max_bytes=_MAX_SIGNATURE, plain_http=want.plain_http))
            verify_beside(fetched.path, beside.path, keyrings)
        except FeedError as error:
            self.forget(fetched)
            raise FetchError(f"{shown(want.url)} is not accepted: {error}", advice=error.advice) from error
        return replace(fetched, verified=True)

    def _fetch(self, want: Want) -> Fetched:
        if urlsplit(want.url).scheme == "file":
            return _checked(want, self._local(want))
        path, meta = self._kept(want.url)
        if meta is not None and want.sha256 and meta.sha256 == want.sha256:
            return _fetched(path, meta, 0)
        for attempt in range(_ATTEMPTS):
            try:
                return _checked(want, self._get(want, path, meta))
            except _RetryableError as error:
                if attempt == _ATTEMPTS - 1:
                    raise FetchError(
                        f"{shown(want.url)} cannot be fetched: {error}", advice="Check name, network and proxy."
                    ) from error
                self._sleep(self._deadline.within(_PAUSES[attempt]))
        raise AssertionError("the last attempt returns or raises")

    def forget(self, fetched: Fetched) -> None:
        """Delete a document from the workspace; no effect outside the workspace."""
        if fetched.path.parent == self.workspace:
            fetched.path.unlink(missing_ok=True)
            fetched.path.with_suffix(".json").unlink(missing_ok=True)

    def _kept(self, url: str) -> tuple[Path, _Meta | None]:
        path = self.workspace / hashlib.sha256(url.encode()).hexdigest()[:32]
        try:
            meta = msgspec.json.decode(path.with_suffix(".json").read_bytes(), type=_Meta)
            whole = meta.url == _without_password(url) and path.stat().st_size == meta.size
        except (OSError, msgspec.DecodeError):
            return path, None
        return path, meta if whole else None

    def _local(self, want: Want) -> Fetched:
        path = Path(unquote(urlsplit(want.url).path)).resolve()
        if self._files_within is None or not path.is_relative_to(self._files_within):
            raise FetchError(f"{want.url} is outside the folder named", advice="Copy the whole source into one folder.")
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size > want.max_bytes:
                    raise _too_large(want)
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise FetchError(f"{path} cannot be read: {error.strerror}", advice="Check the folder.") from error
        return Fetched(path=path, url=want.url, sha256=digest, size=size)

    def _get(self, want: Want, path: Path, meta: _Meta | None) -> Fetched:
        headers = {"Accept-Encoding": "identity" if want.sha256 or want.url.endswith(_COMPRESSED) else "gzip"}
        partial = take_partial(path, _without_password(want.url))
        if partial is not None:
            headers |= partial.headers
        elif meta is not None and not want.sha256:
            headers |= {"If-None-Match": meta.etag} if meta.etag else {}
            headers |= {"If-Modified-Since": meta.last_modified} if meta.last_modified else {}
        try:
            return self._followed(want, path, headers, meta, partial)
        finally:
            if partial is not None:
                partial.put_back(_without_password(want.url))

    def _followed(
        self, want: Want, path: Path, headers: dict[str, str], meta: _Meta | None, partial: Partial | None
    ) -> Fetched:
        url = want.url
        for _ in range(_REDIRECTS):
            self._check_url(url, want)
            try:
                with self._client.stream("GET", url, headers=headers, timeout=self._timeout()) as response:
                    if response.has_redirect_location:
                        url = urljoin(url, response.headers["Location"])
                        continue
                    if response.status_code == httpx.codes.NOT_MODIFIED and meta is not None:
                        return _fetched(path, meta, 0)
                    if partial is not None and response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                        partial.discard()
                        raise _RetryableError("the rest of the file cannot be had")
                    _check_status(response, want)
                    return self._store(response, want, path, partial)
            except (httpx.TransportError, httpx.DecodingError) as error:
                self._deadline.within(1)
                raise _RetryableError(str(error) or type(error).__name__) from error
            except (httpx.InvalidURL, UnicodeError) as error:
                raise FetchError(f"{shown(url)} is not a URL: {error}") from error
        raise FetchError(f"{shown(want.url)} redirects without end")

    def _timeout(self) -> httpx.Timeout:
        read, connect = self._deadline.within(_READ_SECONDS), self._deadline.within(_CONNECT_SECONDS)
        return httpx.Timeout(read, connect=connect)

    def _check_url(self, url: str, want: Want) -> None:
        parts = urlsplit(url)
        allowed = ("https", "http") if want.plain_http and urlsplit(want.url).scheme == "http" else ("https",)
        if parts.scheme not in allowed or not parts.hostname:
            raise FetchError(
                f"{shown(url)} is not fetched: only {' and '.join(allowed)} is",
                advice="Use an https URL, a folder or a file:// URL.",
            )
        if not _through_proxy(parts.scheme, parts.hostname):
            _look_up(parts.hostname, self._deadline.within(_CONNECT_SECONDS))

    def _store(self, response: httpx.Response, want: Want, path: Path, partial: Partial | None) -> Fetched:
        begun = partial if partial is not None and partial.goes_on_in(response) else Partial(path)
        file = begun.open()
        try:
            with file:
                for chunk in self._chunks(response, want, begun.size):
                    begun.write(chunk)
        except httpx.TransportError:
            begun.keep(_without_password(want.url), response)
            raise
        except BaseException:
            begun.discard()
            raise
        meta = _Meta(
            url=_without_password(want.url),
            sha256=begun.sha256,
            size=begun.size,
            etag=response.headers.get("ETag", ""),
            last_modified=response.headers.get("Last-Modified", ""),
        )
        path.with_suffix(".json").unlink(missing_ok=True)
        begun.move_to(path)
        path.with_suffix(".json").write_bytes(msgspec.json.encode(meta))
        return _fetched(path, meta, response.num_bytes_downloaded)

    def _chunks(self, response: httpx.Response, want: Want, size: int) -> Iterator[bytes]:
        for chunk in response.iter_bytes():  # as they come: what came before a failure is kept
            self._deadline.within(1)
            size += len(chunk)
            if size > want.max_bytes:
                raise _too_large(want)
            yield chunk


def shown(url: str) -> str:
    """Return a URL without user name and password, for people and logs."""
    return _without_password(url)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _fetched(path: Path, meta: _Meta, transferred: int) -> Fetched:
    try:
        modified = parsedate_to_datetime(meta.last_modified) if meta.last_modified else None
    except ValueError:
        modified = None
    return Fetched(
        path=path,
        url=meta.url,
        sha256=meta.sha256,
        size=meta.size,
        validator=meta.etag or meta.last_modified,
        modified=modified.astimezone(UTC) if modified else None,
        transferred_bytes=transferred,
    )


def _checked(want: Want, fetched: Fetched) -> Fetched:
    if want.sha256 and fetched.sha256 != want.sha256:
        raise FetchError(
            f"{shown(want.url)} is not what its index says: SHA-256 {fetched.sha256[:16]}… instead of "
            f"{want.sha256[:16]}…",
            advice="The mirror is being updated, or the file was altered in transit; try again later.",
        )
    return fetched


def _check_status(response: httpx.Response, want: Want) -> None:
    code = response.status_code
    if code in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
        return
    status = f"HTTP status {code}"
    if (
        code in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.REQUEST_TIMEOUT)
        or code >= httpx.codes.INTERNAL_SERVER_ERROR
    ):
        raise _RetryableError(status)
    raise FetchError(f"{shown(want.url)} cannot be fetched: {status}", advice="Check the URL.")


def _too_large(want: Want) -> FetchError:
    return FetchError(
        f"{shown(want.url)} is larger than {want.max_bytes} bytes", advice="Check that the source is this feed's."
    )


def _through_proxy(scheme: str, host: str) -> bool:
    proxies = getproxies()
    return (scheme in proxies or "all" in proxies) and not proxy_bypass(host)


def _look_up(host: str, seconds: float) -> None:
    """Look a name up in a separate thread, because the resolver has no timeout; an unknown name is not retried."""
    found: list[Exception | None] = []

    def run() -> None:
        try:
            socket.getaddrinfo(host, None)
            found.append(None)
        except (OSError, UnicodeError) as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        raise FetchError(f"the name {host} was not looked up in {seconds:.0f} s", advice="Check the resolver.")
    error = found[0]
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        raise _RetryableError(f"{host}: {error.strerror}")
    if error is not None:
        raise FetchError(
            f"the name {host} is not known here", advice="Check the network; a mirror, folder or file will do as well."
        )
