"""Settings of the agent: one small file and the environment, read once.

The file has lines ``key = value``; ``#`` and ``;`` begin comments. A variable ``OPENINSPECTOR_AGENT_<KEY>`` overrides
the file. Changes take effect when the agent is started again (F1.45).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, urlsplit

from openinspector.model.errors import OpenInspectorError

PREFIX: Final = "OPENINSPECTOR_AGENT_"
DEFAULT_FILE: Final = "/etc/openinspector/agent.cfg"
DEFAULT_STATE: Final = "/var/lib/openinspector-agent"
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
MAX_FILE_BYTES: Final = 64 * 1024

_HTTPS_PORT: Final = 443
_PROXY_PORT: Final = 3128
_MIN_SPOOL: Final = 1024 * 1024
_MAX_SPOOL: Final = 16 * 1024 * 1024 * 1024
_UNITS: Final = MappingProxyType({"": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30})
_PERIODS: Final = MappingProxyType({"s": 1, "min": 60, "h": 3600, "d": 86400})


class SettingsError(OpenInspectorError):
    """A setting that is missing or wrong; the text names it and says what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Host and port of a TCP endpoint; an IPv6 address without brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """An HTTP proxy that opens tunnels (CONNECT); TLS goes through it from end to end."""

    address: Address
    authorization: str | None = None
    """``user:password`` as the proxy's URL has it; never shown."""

    def __repr__(self) -> str:
        return f"Proxy({self.address})"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """All settings of the agent."""

    endpoint: Address | None = None
    """The gateway, written ``https://host[:port]``; where absent, the one the host was enrolled at."""
    ca_file: Path | None = None
    """Authorities (PEM) to trust instead of the system's; where absent, the ones given at enrolment."""
    state_directory: Path = Path(DEFAULT_STATE)
    """Key, enrolment, spool and status live here, for the agent's user only."""
    proxy: Proxy | None = None
    """``host:port`` or ``http://[user:password@]host:port``. The metadata service is always asked directly."""
    auto_update: bool = True
    """Whether the agent updates itself (F1.20)."""
    spool_bytes: int = 64 * 2**20
    """Telemetry kept on disk until the service has it; more is refused and reported as lost."""
    spool_age: timedelta = timedelta(days=1)
    """Telemetry older than this is given up and reported as lost."""
    log_level: str = "info"


def load_settings(file: Path | None, environment: Mapping[str, str]) -> AgentSettings:
    """Read ``file`` (where None: the default one, if it is there) and the environment; SettingsError."""
    values = _file_values(file, environment)
    for key in _READERS:
        value = environment.get(PREFIX + key.upper())
        if value is not None:
            values[key] = (f"the environment variable {PREFIX}{key.upper()}", value)
    settings = _settings(values)
    if settings.proxy is None and "proxy" not in values:
        return _with_environment_proxy(settings, environment)
    return settings


def parse_endpoint(text: str) -> Address:
    """Return the gateway's address of ``https://host[:port]``; ValueError for anything else."""
    url = _split(text)
    if url.scheme != "https" or url.path not in ("", "/") or url.query or url.fragment or url.username:
        raise ValueError("https://host[:port], nothing after it")
    return Address(host=_host(url), port=url.port or _HTTPS_PORT)


def parse_proxy(text: str) -> Proxy | None:
    """Return the proxy of ``host:port`` or a URL (F1.56: both are in use), None for an empty text; ValueError."""
    if not text:
        return None
    url = _split(text if "://" in text else f"http://{text}")
    if url.scheme != "http" or url.path not in ("", "/") or url.query:
        raise ValueError("host:port or http://[user:password@]host:port, or nothing for no proxy")
    authorization = f"{url.username}:{url.password or ''}" if url.username else None
    return Proxy(address=Address(host=_host(url), port=url.port or _PROXY_PORT), authorization=authorization)


def _split(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        port = url.port  # reading it checks it
    except ValueError as error:
        raise ValueError("a URL with a port from 1 to 65535") from error
    if port == 0:
        raise ValueError("a URL with a port from 1 to 65535")
    return url


def _host(url: SplitResult) -> str:
    if not url.hostname or not re.fullmatch(r"[A-Za-z0-9._:-]{1,255}", url.hostname):
        raise ValueError("a URL with a host name or address in it")
    return url.hostname


def _file_values(file: Path | None, environment: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    path = file or Path(environment.get(PREFIX + "CONFIG", DEFAULT_FILE))
    try:
        with path.open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        if file is None and PREFIX + "CONFIG" not in environment:
            return {}
        raise SettingsError(f"{path} is not there", advice="Name the settings file with --config.") from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > MAX_FILE_BYTES:
        raise SettingsError(f"{path} is larger than {MAX_FILE_BYTES} bytes")
    try:
        return _parse_lines(content.decode(), str(path))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8") from error


def _parse_lines(text: str, name: str) -> dict[str, tuple[str, str]]:
    values: dict[str, tuple[str, str]] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        where = f"{name}:{number}"
        if not equals or key not in _READERS:
            raise SettingsError(
                f"{where}: {key[:80]!r} is no setting of the agent",
                advice=f"Lines are key = value; keys are {', '.join(_READERS)}.",
            )
        if key in values:
            raise SettingsError(f"{where}: {key} is set twice")
        values[key] = (where, value)
    return values


def _settings(values: Mapping[str, tuple[str, str]]) -> AgentSettings:
    settings = AgentSettings()
    changes: dict[str, object] = {}
    for key, (where, text) in values.items():
        try:
            changes[key] = _READERS[key](text)
        except ValueError as error:
            shown = "its value" if key == "proxy" else repr(text[:80])
            raise SettingsError(f"{where}: {key} cannot be {shown}", advice=f"Allowed: {error}.") from error
    return AgentSettings(
        **{name: changes.get(name, getattr(settings, name)) for name in _READERS}  # type: ignore[arg-type]  # read by name
    )


def _with_environment_proxy(settings: AgentSettings, environment: Mapping[str, str]) -> AgentSettings:
    """Honour https_proxy and no_proxy as the vendor's agent does (F1.56, F1.57)."""
    text = environment.get("https_proxy") or environment.get("HTTPS_PROXY") or ""
    excepted = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if settings.endpoint is not None and _is_excepted(settings.endpoint.host, excepted):
        return settings
    try:
        proxy = parse_proxy(text.strip())
    except ValueError as error:
        raise SettingsError(
            "the environment variable https_proxy is not understood", advice=f"Allowed: {error}."
        ) from error
    return AgentSettings(
        **{name: getattr(settings, name) for name in _READERS if name != "proxy"},
        proxy=proxy,
    )


def _is_excepted(host: str, excepted: str) -> bool:
    names = [name.strip().lstrip("*").lstrip(".") for name in excepted.split(",")]
    return any(name and (host == name or host.endswith(f".{name}")) for name in names) or excepted.strip() == "*"


def _path(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute():
        raise ValueError("an absolute path")
    return path


def _bytes(text: str) -> int:
    found = re.fullmatch(r"(\d{1,12}) ?(KiB|MiB|GiB|)", text)
    size = int(found[1]) * _UNITS[found[2]] if found else 0
    if not _MIN_SPOOL <= size <= _MAX_SPOOL:
        raise ValueError("a size from 1 MiB to 16 GiB, such as 64 MiB")
    return size


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,8}) ?(s|min|h|d)", text)
    seconds = int(found[1]) * _PERIODS[found[2]] if found else 0
    if not 60 <= seconds <= 30 * 86400:  # noqa: PLR2004 - the sentence below says what they are
        raise ValueError("a time from 1 min to 30 d, such as 12 h")
    return timedelta(seconds=seconds)


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("true or false")
    return text == "true"


def _log_level(text: str) -> str:
    if text not in LOG_LEVELS:
        raise ValueError(", ".join(LOG_LEVELS))
    return text


_READERS: Final[Mapping[str, Callable[[str], object]]] = MappingProxyType(
    {
        "endpoint": parse_endpoint,
        "ca_file": _path,
        "state_directory": _path,
        "proxy": parse_proxy,
        "auto_update": _flag,
        "spool_bytes": _bytes,
        "spool_age": _age,
        "log_level": _log_level,
    }
)
