"""The one rule for text that hosts, feeds and users wrote, applied where it is rendered or becomes facts.

Such text may hold escape sequences for terminals, bidirectional controls that reorder displayed text, line feeds that
forge a line of a log or of a finding, and surrogates that cannot be encoded. Stored data keeps them; rendered text
shows U+FFFD in their place, so that a replacement is visible.

- `printable` is for text of several lines: a description, a file.
- `printable_line` is for text within a line: a name, a path.
- `escape_json` is for JSON documents that people read as text. It changes no value.

Controls: C0, DEL and C1 (ECMA-48); bidirectional controls (Unicode UAX #9 section 2); line and paragraph separators.
"""

import re
from typing import Final

REPLACEMENT: Final = "\ufffd"

_CONTROLS: Final = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_UNSAFE: Final = re.compile(f"[{_CONTROLS}]")
_UNSAFE_IN_LINE: Final = re.compile(f"[\t\n{_CONTROLS}]")


def printable(text: str) -> str:
    """Return ``text`` with unsafe characters replaced; tabs and line feeds stay."""
    return text if text.isprintable() else _UNSAFE.sub(REPLACEMENT, text)


def printable_line(text: str) -> str:
    """Return ``text`` with unsafe characters, tabs and line feeds replaced."""
    return text if text.isprintable() else _UNSAFE_IN_LINE.sub(REPLACEMENT, text)


def is_printable_line(text: str) -> bool:
    """Return True if `printable_line` changes nothing."""
    return text.isprintable() or _UNSAFE_IN_LINE.search(text) is None


def escape_json(document: bytes) -> bytes:
    """Return a JSON document (UTF-8) with the unsafe characters in its strings escaped; its values are the same."""
    if document.isascii():
        return document
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", document.decode()).encode()
