"""Settings of the agent: one small file, the proxy's environment file next to it, and the environment; read once.

``agent.cfg`` has lines ``key = value``; ``#`` and ``;`` begin comments. A variable ``OPENINSPECTOR_AGENT_<KEY>``
overrides it. If it is absent, its pristine copy ``agent.cfg.orig`` is read instead (F1.46). Proxies in ``agent.env``
take precedence over the environment, so that a command run by hand connects like the service. Changes take effect at
the next start of the agent (F1.45).
"""

import os
import re
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from openinspector.agent.files.open_flags import BINARY, CLOSE_ON_EXEC, NO_TERMINAL, NON_BLOCKING
from openinspector.agent.settings.direct_host import is_direct
from openinspector.agent.settings.environment_file import parse_environment
from openinspector.agent.settings.setting_value import (
    read_age,
    read_flag,
    read_log_bytes,
    read_log_files,
    read_log_level,
    read_no_proxy,
    read_optional_path,
    read_path,
    read_spool_bytes,
    read_state_directory,
    read_update_url,
)
from openinspector.model.errors import OpenInspectorError

PREFIX: Final = "OPENINSPECTOR_AGENT_"
WINDOWS_FOLDER: Final = r"C:\ProgramData\openinspector\Agent"
_ON_WINDOWS: Final = os.name == "nt"
DEFAULT_FILE: Final = rf"{WINDOWS_FOLDER}\agent.cfg" if _ON_WINDOWS else "/etc/openinspector/agent.cfg"
DEFAULT_STATE: Final = rf"{WINDOWS_FOLDER}\state" if _ON_WINDOWS else "/var/lib/openinspector-agent"
PRISTINE_SUFFIX: Final = ".orig"
ENVIRONMENT_FILE: Final = "agent.env"
MAX_FILE_BYTES: Final = 64 * 1024

_HTTPS_PORT: Final = 443
_PROXY_PORT: Final = 3128


class AgentSettingsError(OpenInspectorError):
    """A setting that is missing or wrong; the text names it and the allowed values."""


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
    """An HTTP proxy that opens tunnels (CONNECT); TLS is end to end."""

    address: Address
    authorization: str | None = None
    """``user:password``, percent signs of the proxy's URL decoded; never shown."""

    def __repr__(self) -> str:
        return f"Proxy({self.address})"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """All settings of the agent."""

    endpoint: Address | None = None
    """The gateway, written ``https://host[:port]``; if absent, the one of the enrolment."""
    ca_file: Path | None = None
    """Authorities (PEM) to trust instead of the system's; if absent, those given at enrolment."""
    state_directory: Path = Path(DEFAULT_STATE)
    """Folder of key, enrolment, spool and status, accessible to the agent's user only.

    On Linux the installed service always uses the default.
    """
    proxy: Proxy | None = None
    """``host:port`` or ``http://[user:password@]host:port``, empty for none; if absent, ``https_proxy`` of
    ``agent.env`` or of the environment."""
    no_proxy: tuple[str, ...] = ()
    """Hosts contacted without the proxy, separated by commas: names, ``.domains``, addresses, networks, ``*``; if
    absent, ``no_proxy`` of ``agent.env`` or of the environment. The metadata service always is one."""
    auto_update: bool = True
    """True if the agent updates itself (F1.20)."""
    update_url: str | None = None
    """The https folder of signed releases; if absent, ``/releases/`` of the service."""
    spool_bytes: int = 64 * 2**20
    """Maximum size of telemetry kept on disk until the service has it; more is refused and reported as lost."""
    spool_age: timedelta = timedelta(days=1)
    """Telemetry older than this is dropped and reported as lost."""
    log_level: str = "info"
    """Lowest level that is logged: debug, info, warning or error."""
    log_file: Path | None = None
    """Log file; if absent, standard error, which systemd keeps in its journal."""
    log_bytes: int = 10 * 2**20
    """Maximum size of the log file before it is rotated."""
    log_files: int = 5
    """Number of log files kept, including the current one."""

    def proxy_for(self, host: str) -> Proxy | None:
        """Return the proxy for ``host``; None if ``host`` is contacted directly."""
        return None if is_direct(host, self.no_proxy) else self.proxy


def load_settings(file: Path | None, environment: Mapping[str, str]) -> AgentSettings:
    """Read ``file`` (None: the default one, if it exists) and the related files; AgentSettingsError."""
    found = settings_file(file, environment)
    values = _parse_lines(_text(found), str(found)) if found else {}
    for key in READERS:
        value = environment.get(PREFIX + key.upper())
        if value is not None:
            values[key] = (f"the environment variable {PREFIX}{key.upper()}", value)
    for key, variable in (("proxy", "https_proxy"), ("no_proxy", "no_proxy")):
        given = _environment_value(variable, environment_file(file, environment), environment)
        if given is not None:
            values.setdefault(key, given)
    return _settings(values)


def settings_file(file: Path | None, environment: Mapping[str, str]) -> Path | None:
    """Return the settings file, or None if there is none by default. A named file must exist."""
    path = _named_file(file, environment)
    for candidate in (path, path.with_name(path.name + PRISTINE_SUFFIX)):
        if _is_there(candidate):
            return candidate
    if file is not None or PREFIX + "CONFIG" in environment:
        raise AgentSettingsError(f"{path} is not there", advice="Name the settings file with --config.")
    return None


def environment_file(file: Path | None, environment: Mapping[str, str]) -> Path:
    """Return the path of the proxy's environment file, next to the settings file."""
    return _named_file(file, environment).with_name(ENVIRONMENT_FILE)


def parse_endpoint(text: str) -> Address:
    """Return the gateway's address of ``https://host[:port]``; ValueError for anything else."""
    url = _split(text)
    if url.scheme != "https" or url.path not in ("", "/") or url.query or url.fragment or url.username:
        raise ValueError("https://host[:port], nothing after it")
    return Address(host=_host(url), port=url.port or _HTTPS_PORT)


def parse_proxy(text: str) -> Proxy | None:
    """Return the proxy of ``host:port`` or a URL (F1.56: both are in use), None if empty; ValueError."""
    if not text:
        return None
    url = _split(text if "://" in text else f"http://{text}")
    if url.scheme != "http" or url.path not in ("", "/") or url.query:
        raise ValueError("host:port or http://[user:password@]host:port, or nothing for no proxy")
    authorization = f"{unquote(url.username)}:{unquote(url.password or '')}" if url.username else None
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


def _named_file(file: Path | None, environment: Mapping[str, str]) -> Path:
    return file or Path(environment.get(PREFIX + "CONFIG", DEFAULT_FILE))


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise AgentSettingsError(f"{path} cannot be read: {error.strerror}", advice="Ask as root.") from error
    return True


def _others_may_write(status: os.stat_result) -> bool:
    """Return True if anybody but root and this user may write. On Windows the folder's access list protects it."""
    if sys.platform == "win32":
        return False
    else:  # noqa: RET505 - the type checker sees one of the two
        return bool(status.st_mode & 0o022) or status.st_uid not in (0, os.geteuid())


def _text(path: Path) -> str:
    """Return the content of a small file that only its owner, who is root or this user, can have written."""
    try:
        descriptor = os.open(path, os.O_RDONLY | NON_BLOCKING | NO_TERMINAL | CLOSE_ON_EXEC | BINARY)
        with os.fdopen(descriptor, "rb") as opened:
            status = os.fstat(descriptor)
            content = opened.read(MAX_FILE_BYTES + 1) if stat.S_ISREG(status.st_mode) else b""
    except OSError as error:
        raise AgentSettingsError(f"{path} cannot be read: {error.strerror}", advice="Ask as root.") from error
    if not stat.S_ISREG(status.st_mode):
        raise AgentSettingsError(f"{path} cannot be read: it is not a regular file", advice="Put a text file there.")
    if _others_may_write(status):
        raise AgentSettingsError(
            f"others may write to {path}: what it says cannot be trusted",
            advice=f"Look at what it says, then: chown root {path}; chmod go-w {path}",
        )
    if len(content) > MAX_FILE_BYTES:
        raise AgentSettingsError(
            f"{path} is larger than {MAX_FILE_BYTES} bytes", advice="Keep settings and comments only."
        )
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise AgentSettingsError(f"{path} is not UTF-8", advice="Save it as UTF-8 text.") from error


def _parse_lines(text: str, name: str) -> dict[str, tuple[str, str]]:
    values: dict[str, tuple[str, str]] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        where = f"{name}:{number}"
        if not equals or key not in READERS:
            raise AgentSettingsError(
                f"{where}: {key[:80]!r} is not a setting of the agent",
                advice=f"Lines are key = value; keys are {', '.join(READERS)}.",
            )
        if key in values:
            raise AgentSettingsError(
                f"{where}: {key} is set twice", advice=f"Take out this line or {values[key][0].rpartition(':')[2]}."
            )
        values[key] = (where, value)
    return values


def _environment_value(variable: str, file: Path, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the source and the value of a variable: the environment file or the environment."""
    if _is_there(file):
        try:
            found = parse_environment(_text(file), str(file)).get(variable)
        except ValueError as error:
            raise AgentSettingsError(
                str(error), advice="Lines are NAME=value, without what only a shell can do."
            ) from error
        if found is not None:
            return (f"{variable} in {file}", found)
    for name in (variable, variable.upper()):
        if environment.get(name):
            return (f"the environment variable {name}", environment[name].strip())
    return None


def _settings(values: Mapping[str, tuple[str, str]]) -> AgentSettings:
    changes: dict[str, object] = {}
    for key, (where, text) in values.items():
        try:
            changes[key] = READERS[key](text)
        except ValueError as error:
            shown = "its value" if key == "proxy" else repr(text[:80])
            raise AgentSettingsError(f"{where}: {key} cannot be {shown}", advice=f"Allowed: {error}.") from error
    return replace(AgentSettings(), **changes)  # type: ignore[arg-type]  # read by name


READERS: Final[Mapping[str, Callable[[str], object]]] = MappingProxyType(
    {
        "endpoint": parse_endpoint,
        "ca_file": read_path,
        "state_directory": read_state_directory,
        "proxy": parse_proxy,
        "no_proxy": read_no_proxy,
        "auto_update": read_flag,
        "update_url": read_update_url,
        "spool_bytes": read_spool_bytes,
        "spool_age": read_age,
        "log_level": read_log_level,
        "log_file": read_optional_path,
        "log_bytes": read_log_bytes,
        "log_files": read_log_files,
    }
)
"""Key to the parser of its value; `packaging/agent.cfg` and docs/reference/agent-settings.md show the same keys."""
