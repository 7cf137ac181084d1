"""sshd_config(5) and the files it includes, read as sshd reads them but never by running it.

- The first value of a keyword wins, except for those that collect values.
- ``Include`` takes shell patterns, relative to ``/etc/ssh``, in the order of names; 16 deep at most.
- A ``Match`` block ends at the next ``Match`` or the end of its file. Here only blocks that apply to everyone count:
  ``Match all``, and criteria that are just ``*``. What they set overrides what stands outside of blocks.
"""

import fnmatch
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import printable, read_lines, unread
from openinspector.agent.sensor import Incomplete

FOLDER: Final = "/etc/ssh"
MAX_DEPTH: Final = 16
MAX_FILES: Final = 1000
_LINE: Final = re.compile(r'\s*(?:"([A-Za-z0-9]+)"|([A-Za-z0-9]+))(?:\s*=\s*|\s+|$)(.*)')
"""A keyword may stand in quotation marks (misc.c, strdelim)."""
_ARGUMENT: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|(\S+)')
_EVERYONE: Final = "*"
_CRITERIA: Final = ("user", "group", "host", "address", "localaddress")
"""Criteria whose ``*`` every connection meets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One line that applies to every connection."""

    keyword: str
    """Lower case."""
    arguments: tuple[str, ...]
    source: str
    """``path:line``."""
    in_match: bool = False
    """Whether it stands in a Match block for everyone."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Where a line stands: outside of blocks, in one for everyone, or in one for some."""

    applies: bool = True
    is_match: bool = False


class SshdFiles:
    """Reads one host's configuration; ``problems`` says what could not be read."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._files = 0
        self.problems: list[Incomplete] = []

    def settings(self, path: str) -> Iterator[Setting]:
        """Yield every setting for everyone, in sshd's order; raises OSError where ``path`` cannot be read."""
        yield from self._file(path, read_lines(self._host, path), _Block(), 0)

    def _file(self, path: str, lines: list[str], block: _Block, depth: int) -> Iterator[Setting]:
        for number, line in enumerate(lines, start=1):
            setting = parse_line(line, f"{printable(path)}:{number}")
            if setting is None:
                continue
            if setting.keyword == "match":
                block = _Block(applies=matches_everyone(setting.arguments), is_match=True)
            elif not block.applies:
                continue
            elif setting.keyword == "include":
                for pattern in setting.arguments:
                    yield from self._include(pattern, block, depth + 1)
            else:
                yield replace(setting, in_match=block.is_match)

    def _include(self, pattern: str, block: _Block, depth: int) -> Iterator[Setting]:
        pattern = posixpath.join(FOLDER, pattern)
        if depth > MAX_DEPTH:
            self.problems.append(Incomplete(reason=f"{pattern} is included more than {MAX_DEPTH} deep."))
            return
        for path in self._glob(pattern):
            self._files += 1
            if self._files > MAX_FILES:
                self.problems.append(Incomplete(reason=f"More than {MAX_FILES} files are included by sshd_config."))
                return
            try:
                lines = read_lines(self._host, path)
            except OSError as error:
                self.problems.append(unread(path, error))
                continue
            yield from self._file(path, lines, block, depth)

    def _glob(self, pattern: str) -> list[str]:
        paths = ["/"]
        for part in pattern.strip("/").split("/"):
            paths = [posixpath.join(path, name) for path in paths for name in self._matching(path, part)]
        return paths

    def _matching(self, folder: str, part: str) -> list[str]:
        if not any(character in part for character in "*?["):
            return [part] if self._exists(posixpath.join(folder, part)) else []
        try:
            names = self._host.names(folder)
        except PermissionError as error:
            self.problems.append(unread(folder, error))
            return []
        except OSError:
            return []
        return [name for name in names if fnmatch.fnmatchcase(name, part) and (part[0] == "." or name[0] != ".")]

    def _exists(self, path: str) -> bool:
        try:
            self._host.status(path)
        except PermissionError as error:
            self.problems.append(unread(path, error))
        except OSError:
            return False
        return True


def parse_line(line: str, source: str) -> Setting | None:
    """Return the setting of one line, or None for an empty line or a comment."""
    found = _LINE.match(line)
    if not found:
        return None
    arguments: list[str] = []
    for quoted, single, bare in _ARGUMENT.findall(found[3]):
        if bare.startswith("#"):
            break
        arguments.append(quoted or single or bare)
    return Setting(keyword=(found[1] or found[2]).lower(), arguments=tuple(arguments), source=source)


def matches_everyone(criteria: tuple[str, ...]) -> bool:
    """Say whether a Match line's criteria hold for every connection."""
    words = " ".join(criteria).replace("=", " ").lower().split()
    if words == ["all"]:
        return True
    names, patterns = words[::2], words[1::2]
    return (
        bool(words)
        and len(names) == len(patterns)
        and all(name in _CRITERIA for name in names)
        and all(pattern == _EVERYONE for pattern in patterns)
    )
