"""Paths with ``*`` in single parts, expanded on a host: ``/etc/sudoers.d/*``."""

import fnmatch
from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, unread
from openinspector.agent.sensor import Incomplete

MAX_MATCHES: Final = 500
"""Paths of one pattern, at most."""


def expand(host: Host, pattern: str) -> Iterator[str]:
    """Yield the paths that match, in order of names; a pattern without ``*`` is itself. Raises OSError as the host."""
    parts = pattern.strip("/").split("/")
    yield from _below(host, "", parts)


def expand_or_note(host: Host, pattern: str, problems: list[Incomplete]) -> list[str]:
    """Return the paths that match; add to ``problems`` if a folder cannot be read."""
    try:
        return list(expand(host, pattern))
    except OSError as error:
        problems.append(unread(pattern, error))
        return []


def _below(host: Host, folder: str, parts: list[str]) -> Iterator[str]:
    first, *rest = parts
    if "*" not in first:
        path = f"{folder}/{first}"
        if rest:
            yield from _below(host, path, rest)
        else:
            yield path
        return
    try:
        names = host.names(folder or "/")
    except MISSING:
        return
    for name in fnmatch.filter(names, first)[:MAX_MATCHES]:
        path = f"{folder}/{name}"
        if rest:
            yield from _below(host, path, rest)
        else:
            yield path
