"""Configuration files as text of bounded size in any encoding, and a sentence for a file that cannot be read."""

import shlex
from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.sensor import Incomplete

MAX_CONFIG_BYTES: Final = 1024 * 1024
MAX_SHELL_CHARACTERS: Final = 16 * 1024
MISSING: Final = (FileNotFoundError, NotADirectoryError)
"""Errors of a host for a path that does not exist."""


def decode(data: bytes) -> str:
    """Return ``data`` as text; bytes that are not UTF-8 become U+FFFD."""
    return data.decode(errors="replace")


def encodable(text: str) -> str:
    """Return ``text``, such as a file name with PEP 383 surrogates, as text that can be encoded."""
    return text if text.isascii() else text.encode(errors="surrogateescape").decode(errors="replace")


def read_lines(host: Host, path: str) -> list[str]:
    """Return the lines of a configuration file without line ends; raise OSError as ``Host.read`` does."""
    return decode(host.read(path, MAX_CONFIG_BYTES)).split("\n")


def logical_lines(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield (number, line), counted from 1; a line that ends in a backslash is joined to the next one."""
    joined: list[str] = []
    first = 1
    for number, line in enumerate(lines, start=1):
        first = first if joined else number
        if line.endswith("\\"):
            joined.append(line[:-1])
        else:
            yield first, " ".join((*joined, line))
            joined = []
    if joined:
        yield first, " ".join(joined)


def shell_words(text: str) -> list[str]:
    """Return the words of a shell line; raise ValueError for an unclosed quote or too long a line.

    shlex copies a word for each of its characters: a word of one mebibyte would take a quarter of a minute.
    """
    if len(text) > MAX_SHELL_CHARACTERS:
        raise ValueError(f"longer than {MAX_SHELL_CHARACTERS} characters")
    return shlex.split(text)


def unread(path: str, error: OSError) -> Incomplete:
    """Return the sentence that reports why ``path`` could not be read."""
    return Incomplete(reason=f"{encodable(path)} could not be read: {error.strerror or error}.")
