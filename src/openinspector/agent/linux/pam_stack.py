"""PAM service files with their includes resolved (pam.d(5), pam.conf(5)).

A line is ``[-]facility control module arguments…``; ``[a b]`` is one argument; a backslash at the end joins lines.
``@include file`` takes a whole file; ``facility include file`` and ``substack`` take that facility's lines of it.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, logical_lines, read_lines, unread
from openinspector.agent.sensor import Incomplete
from openinspector.model.inventory import PamModule

FOLDERS: Final = ("/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d")
"""The administrator's folder, then the distribution's; libpam reads the first that has the service's file."""
FACILITIES: Final = ("auth", "account", "password", "session")
MAX_DEPTH: Final = 16
MAX_LINES: Final = 2000
_TOKEN: Final = re.compile(r"\[((?:\\.|[^\]\\])*)(?:\]|\\?\Z)|(\S+)", re.DOTALL)
"""An unclosed bracket extends to the end of the line, as in libpam."""
_FULL_LINE: Final = 3
_SECRET: Final = re.compile(r"(?i)(pass|passwd|password|bindpw|bind_pw|secret|shared_secret|db_passwd|key|token)=.+")
"""Arguments of database and directory modules that hold credentials; their values are not sent."""


class PamStacks:
    """Reads the service files of one host, each file once."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._files: dict[str, tuple[str, list[tuple[int, list[str]]]]] = {}
        self._room = MAX_LINES
        self.problems: dict[str, Incomplete] = {}
        """Files and includes that could not be read or resolved, by path."""

    def modules(self, service: str) -> Iterator[PamModule]:
        """Yield the modules of one service in order; none without a file for it."""
        yield from self._expand(service, service, "", 0)

    def _expand(self, service: str, name: str, facility: str, depth: int) -> Iterator[PamModule]:
        path, lines = self._file(name)
        for number, tokens in lines:
            self._room -= 1
            if self._room < 0 or depth > MAX_DEPTH:
                self.problems[path] = Incomplete(
                    reason=f"{path} includes too many files or levels; the rest was left out."
                )
                return
            if facility and _facility(tokens) not in (facility, "@include"):
                continue
            included = _included(tokens, facility)
            if included:
                yield from self._expand(service, *included, depth + 1)
            elif len(tokens) >= _FULL_LINE:
                yield PamModule(
                    service=service,
                    facility=_facility(tokens),
                    control=tokens[1],
                    module=posixpath.basename(tokens[2]),
                    arguments=tuple(_SECRET.sub(r"\1=(not sent)", word) for word in tokens[3:]),
                    source=f"{path}:{number}",
                )

    def _file(self, name: str) -> tuple[str, list[tuple[int, list[str]]]]:
        if name not in self._files:
            self._files[name] = self._load(name)
        return self._files[name]

    def _load(self, name: str) -> tuple[str, list[tuple[int, list[str]]]]:
        for path in (name,) if name.startswith("/") else (f"{folder}/{name}" for folder in FOLDERS):
            try:
                lines = read_lines(self._host, path)
            except MISSING:
                continue
            except OSError as error:
                self.problems[path] = unread(path, error)
                return path, []
            split = ((number, split_line(line)) for number, line in logical_lines(lines))
            return path, [(number, tokens) for number, tokens in split if tokens]
        return name, []


def split_line(line: str) -> list[str]:
    """Return the words of a line without its comment; a control keeps its brackets, an argument loses them."""
    if line.lstrip().startswith("#"):
        return []
    tokens: list[str] = []
    for found in _TOKEN.finditer(line):
        bracketed, word = found.groups()
        if word is not None and word.startswith("#"):
            break
        if word is not None:
            tokens.append(word)
        else:
            tokens.append(f"[{bracketed}]" if len(tokens) == 1 else bracketed.replace("\\]", "]"))
    return tokens


def _facility(tokens: list[str]) -> str:
    """Return the facility of a line; a leading ``-`` only keeps libpam from logging a missing module."""
    return tokens[0].removeprefix("-").lower()


def _included(tokens: list[str], facility: str) -> tuple[str, str] | None:
    """Return the included file and its facility, or an empty facility for all; None if the line is not an include."""
    if tokens[0].lower() == "@include":
        return (tokens[1], facility) if len(tokens) > 1 else None
    if len(tokens) < _FULL_LINE or tokens[1].lower() not in ("include", "substack"):
        return None
    return tokens[2], _facility(tokens)
