"""Readers of setting values. Each returns a typed value, or raises ValueError with the allowed values."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

LOG_LEVELS: Final = ("debug", "info", "warning", "error")

_MIB: Final = 2**20
_GIB: Final = 2**30
_UNITS: Final = MappingProxyType({"": 1, "KiB": 2**10, "MiB": _MIB, "GiB": _GIB})
_PERIODS: Final = MappingProxyType({"s": 1, "min": 60, "h": 3600, "d": 86400})
_FLAGS: Final[Mapping[str, bool]] = MappingProxyType({"true": True, "false": False})
_MIN_LOG_BYTES: Final = 64 * 2**10
_MAX_LOG_FILES: Final = 100
_TOP_FOLDERS: Final = "bin boot dev etc home lib lib32 lib64 media mnt opt proc root run sbin srv sys tmp usr var"
_OF_VAR: Final = "cache lib local lock log mail opt run spool tmp"
_OF_USR: Final = "bin include lib lib32 lib64 libexec local sbin share src"
_SHARED_FOLDERS: Final = frozenset(
    f"{above}/{name}"
    for above, names in (("", _TOP_FOLDERS), ("/var", _OF_VAR), ("/usr", _OF_USR))
    for name in names.split()
)
"""Shared folders of the Filesystem Hierarchy Standard 3.0."""
_MIN_AGE: Final = 60
_MAX_AGE: Final = 30 * 86400


def read_path(text: str) -> Path:
    """Return an absolute path."""
    path = Path(text)
    if not path.is_absolute() or not text.isprintable():
        raise ValueError("an absolute path")
    return path


def read_state_directory(text: str) -> Path:
    """Return the absolute path of a folder that can belong to the agent."""
    allowed = "an absolute path of a folder of the agent's own, such as /srv/openinspector-agent"
    try:
        path = read_path(text)
    except ValueError as error:
        raise ValueError(allowed) from error
    plain = "/" + "/".join(path.parts[1:])
    if len(path.parts) == 1 or ".." in path.parts or plain in _SHARED_FOLDERS:
        raise ValueError(allowed)
    return path


def read_optional_path(text: str) -> Path | None:
    """Return an absolute path, None for an empty text."""
    if not text:
        return None
    try:
        return read_path(text)
    except ValueError as error:
        raise ValueError("an absolute path, or nothing") from error


def read_spool_bytes(text: str) -> int:
    """Return bytes."""
    size = _size(text)
    if not _MIB <= size <= 16 * _GIB:
        raise ValueError("a size from 1 MiB to 16 GiB, such as 64 MiB")
    return size


def read_log_bytes(text: str) -> int:
    """Return bytes."""
    size = _size(text)
    if not _MIN_LOG_BYTES <= size <= _GIB:
        raise ValueError("a size from 64 KiB to 1 GiB, such as 10 MiB")
    return size


def read_log_files(text: str) -> int:
    """Return a number of files."""
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= _MAX_LOG_FILES:
        raise ValueError("a number from 1 to 100")
    return int(text)


def read_age(text: str) -> timedelta:
    """Return a period."""
    found = re.fullmatch(r"([0-9]{1,8}) ?(s|min|h|d)", text)
    seconds = int(found[1]) * _PERIODS[found[2]] if found else 0
    if not _MIN_AGE <= seconds <= _MAX_AGE:
        raise ValueError("a time from 1 min to 30 d, such as 12 h")
    return timedelta(seconds=seconds)


def read_log_level(text: str) -> str:
    """Return one of LOG_LEVELS."""
    if text not in LOG_LEVELS:
        raise ValueError(", ".join(LOG_LEVELS))
    return text


def read_flag(text: str) -> bool:
    """Return a yes or no, written as the vendor's installer does (F1.20)."""
    if text not in _FLAGS:
        raise ValueError("true or false")
    return _FLAGS[text]


def read_update_url(text: str) -> str | None:
    """Return an https URL of a folder, with a slash at its end; None for an empty text."""
    if not text:
        return None
    allowed = "an https URL of a folder without user, query or fragment, or nothing"
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise ValueError(allowed) from error
    plain = url.scheme == "https" and url.hostname and not (url.username or url.query or url.fragment)
    if not plain or port == 0 or not re.fullmatch(r"[!-~]+", text):
        raise ValueError(allowed)
    return text if text.endswith("/") else f"{text}/"


def read_no_proxy(text: str) -> tuple[str, ...]:
    """Return the hosts of a comma-separated list."""
    hosts = tuple(host for part in text.split(",") for host in part.split())
    if not all(re.fullmatch(r"[A-Za-z0-9._:/*\[\]-]{1,255}", host) for host in hosts):
        raise ValueError("host names, .domains, addresses and networks with commas between them, or *")
    return hosts


def _size(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,12}) ?(KiB|MiB|GiB|)", text)
    return int(found[1]) * _UNITS[found[2]] if found else 0
