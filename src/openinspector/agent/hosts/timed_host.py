"""A host that refuses calls after a sensor's time limit, so that even a search without results ends."""

from collections.abc import Callable, Iterator

from openinspector.agent.host import MAX_FILE_BYTES, FileStatus, Folder, Host, HttpReply, InterfaceAddress, RegistryKey
from openinspector.model.errors import OpenInspectorError
from openinspector.model.windows_policy import LocalPolicy


class OverdueError(OpenInspectorError):
    """The sensor's time is up. It is not an OSError, which sensors treat as an unreadable file."""


class TimedHost:
    """``host`` until ``clock`` reaches ``until``; afterwards every call raises OverdueError."""

    def __init__(self, host: Host, clock: Callable[[], float], until: float) -> None:
        self._host = host
        self._clock = clock
        self._until = until

    def read(self, path: str, max_bytes: int = MAX_FILE_BYTES) -> bytes:
        """As `Host.read`."""
        return self._in_time().read(path, max_bytes)

    def readlink(self, path: str) -> str:
        """As `Host.readlink`."""
        return self._in_time().readlink(path)

    def status(self, path: str) -> FileStatus:
        """As `Host.status`."""
        return self._in_time().status(path)

    def names(self, path: str) -> tuple[str, ...]:
        """As `Host.names`."""
        return self._in_time().names(path)

    def folder(self, path: str) -> Folder:
        """As `Host.folder`."""
        return self._in_time().folder(path)

    def inside(self, path: str) -> "TimedHost":
        """As `Host.inside`, with the same time limit."""
        return TimedHost(self._in_time().inside(path), self._clock, self._until)

    def real_file(self, path: str) -> str | None:
        """As `Host.real_file`."""
        return self._in_time().real_file(path)

    def is_root(self) -> bool:
        """As `Host.is_root`."""
        return self._in_time().is_root()

    def uname(self) -> tuple[str, str, str, str]:
        """As `Host.uname`."""
        return self._host.uname()

    def processes(self) -> Iterator[int]:
        """As `Host.processes`."""
        for process in self._in_time().processes():
            self._in_time()
            yield process

    def addresses(self) -> tuple[InterfaceAddress, ...]:
        """As `Host.addresses`."""
        return self._in_time().addresses()

    def packet_filter(self) -> tuple[tuple[int, bytes], ...]:
        """As `Host.packet_filter`."""
        return self._in_time().packet_filter()

    def audit(self) -> tuple[tuple[int, bytes], ...]:
        """As `Host.audit`."""
        return self._in_time().audit()

    def metadata_service(self, method: str, path: str, headers: dict[str, str]) -> HttpReply:
        """As `Host.metadata_service`."""
        return self._in_time().metadata_service(method, path, headers)

    def registry_key(self, path: str) -> RegistryKey:
        """As `Host.registry_key`."""
        return self._in_time().registry_key(path)

    def local_policy(self) -> LocalPolicy:
        """As `Host.local_policy`."""
        return self._in_time().local_policy()

    def _in_time(self) -> Host:
        if self._clock() > self._until:
            raise OverdueError("the sensor's time is up")
        return self._host
