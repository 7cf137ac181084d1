"""The distribution of a host: os-release(5), or the release files that preceded it (F1.27)."""

import re
from collections.abc import Iterable
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, read_lines, shell_words

OS_RELEASE: Final = ("/etc/os-release", "/usr/lib/os-release")
_OLDER: Final = ("/etc/system-release", "/etc/redhat-release")
_RELEASE: Final = re.compile(r" release (\d[\d.]*)")
_IDS: Final = (
    ("Amazon Linux", "amzn"),
    ("CentOS", "centos"),
    ("Red Hat", "rhel"),
    ("Oracle", "ol"),
    ("Scientific", "scientific"),
    ("Fedora", "fedora"),
)


def read_os_release(host: Host) -> dict[str, str] | None:
    """Return the variables of os-release, or their equivalents from an older file; None if the host has neither.

    Raises OSError if a file exists but cannot be read.
    """
    for path in OS_RELEASE:
        try:
            return parse_os_release(read_lines(host, path))
        except MISSING:
            continue
    for path in _OLDER:
        try:
            return parse_release_line(" ".join(read_lines(host, path)[:1]))
        except MISSING:
            continue
    return None


def parse_os_release(lines: Iterable[str]) -> dict[str, str]:
    """Return the variables of os-release by name; lines that are not assignments are skipped."""
    values: dict[str, str] = {}
    for line in lines:
        name, equals, value = line.strip().partition("=")
        if equals and name.isidentifier():
            values[name] = _unquoted(value)
    return values


def parse_release_line(line: str) -> dict[str, str]:
    """Return the equivalents of os-release for a line such as ``CentOS release 6.10 (Final)``."""
    found = _RELEASE.search(line)
    name = line[: found.start()].split() if found else []
    distribution = next((key for start, key in _IDS if line.startswith(start)), "")
    return {
        "ID": distribution or "".join(name[:1]).lower(),
        "VERSION_ID": found[1].rstrip(".") if found else "",
        "PRETTY_NAME": line.strip(),
        "ID_LIKE": "rhel fedora",
    }


def _unquoted(value: str) -> str:
    try:
        return "".join(shell_words(value)[:1])
    except ValueError:  # an unclosed quote, or too long
        return value.strip("\"'")
