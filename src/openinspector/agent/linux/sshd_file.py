"""sshd_config(5) and the files it includes, read from disk as sshd reads them; sshd is never run.

- ``Include`` takes shell patterns, relative to ``/etc/ssh``, in the order of names, at most 16 levels deep.
- A ``Match`` block ends at the next ``Match`` or at the end of its file. A file included from a block belongs to it.
"""

import fnmatch
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import encodable, read_lines, unread
from openinspector.agent.linux.sshd_match import MatchBlock, RefusedLineError, parse_match
from openinspector.agent.linux.sshd_syntax import split_words
from openinspector.agent.sensor import Incomplete

FOLDER: Final = "/etc/ssh"
MAX_DEPTH: Final = 16
MAX_FILES: Final = 1000
_LINE: Final = re.compile(r'\s*(?:"([A-Za-z0-9]+)"|([A-Za-z0-9]+))(?:\s*=\s*|\s+|$)(.*)')
"""A keyword may be quoted (misc.c, strdelim)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SshdLine:
    """One line that sets something, in or outside a Match block."""

    keyword: str
    """Lower case."""
    arguments: tuple[str, ...]
    source: str
    """``path:line``."""
    blocks: tuple[MatchBlock, ...] = ()
    """The Match blocks it is in, outermost first: more than one in an included file."""


class SshdFiles:
    """Reads the configuration of one host; ``problems`` lists what was not read or is refused by sshd."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._files = 0
        self.problems: list[Incomplete] = []

    def settings(self, path: str) -> Iterator[SshdLine]:
        """Yield every setting in sshd's order; raise OSError if ``path`` cannot be read."""
        yield from self._file(path, read_lines(self._host, path), (), 0)

    def _file(self, path: str, lines: list[str], outer: tuple[MatchBlock, ...], depth: int) -> Iterator[SshdLine]:
        blocks = outer
        for number, line in enumerate(lines, start=1):
            source = f"{encodable(path)}:{number}"
            try:
                setting = parse_line(line, source)
                if setting is None:
                    continue
                if setting.keyword == "match":
                    blocks = (*outer, parse_match(setting.arguments[0]))
                    continue
            except RefusedLineError as refused:
                self.problems.append(refusal(source, refused))
                continue
            if setting.keyword == "include" and setting.arguments:
                for pattern in setting.arguments:
                    yield from self._include(pattern, blocks, depth + 1)
            else:
                yield SshdLine(keyword=setting.keyword, arguments=setting.arguments, source=source, blocks=blocks)

    def _include(self, pattern: str, blocks: tuple[MatchBlock, ...], depth: int) -> Iterator[SshdLine]:
        pattern = posixpath.join(FOLDER, pattern)
        if depth > MAX_DEPTH:
            self.problems.append(Incomplete(reason=f"{pattern} is included more than {MAX_DEPTH} levels deep."))
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
            yield from self._file(path, lines, blocks, depth)

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


def parse_line(line: str, source: str) -> SshdLine | None:
    """Return the setting of one line, or None for an empty line or a comment; raise RefusedLineError.

    The only argument of a Match line is its text: `parse_match` splits it.
    """
    text = line.strip(" \t\r\n\f").removeprefix("=").lstrip(" \t")  # strdelim(3) takes an empty keyword before "="
    if not text or text.startswith("#"):
        return None
    found = _LINE.fullmatch(text)
    if not found:
        raise RefusedLineError(f"{text[:40]} does not start with a keyword")
    keyword = (found[1] or found[2]).lower()
    arguments = (found[3],) if keyword == "match" else split_words(found[3])
    return SshdLine(keyword=keyword, arguments=arguments, source=source)


def refusal(source: str, refused: RefusedLineError) -> Incomplete:
    """Return the sentence that reports a line of ``source`` that sshd refuses."""
    return Incomplete(reason=f"sshd refuses its configuration: {source}: {encodable(str(refused))[:120]}.")
