"""Tables and paragraphs for terminals, in plain text: texts wrap inside their column, wide characters count two.

Rich lays out a table of 1,300 rows in half a second, as long as the rest of an evaluation takes (ADR 74).
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from rich.text import Text

GAP: Final = "  "


class Styled(NamedTuple):
    """A text with a style of rich (``bold red``)."""

    text: str
    style: str = ""

    def __rich__(self) -> "Text":
        """Return the text for rich."""
        from rich.text import Text

        return Text(self.text, style=self.style)


def table_lines(rows: Sequence[Sequence[Styled]], width: int) -> Iterator[list[Styled]]:
    """Yield the lines of a table that is at most ``width`` columns wide, as texts to print one after the other."""
    widths = _shrunk([max(columns_of(cell.text) for cell in column) for column in zip(*rows, strict=True)], width)
    for row in rows:
        wrapped = [wrap(cell.text, column) for cell, column in zip(row, widths, strict=True)]
        for texts in zip_longest(*wrapped, fillvalue=""):
            yield _line(texts, row, widths)


def _line(texts: Sequence[str], row: Sequence[Styled], widths: Sequence[int]) -> list[Styled]:
    pieces: list[Styled] = []
    gap = ""
    for text, cell, column in zip(texts, row, widths, strict=True):
        if text:
            pieces += (Styled(gap), Styled(text, cell.style))
            gap = ""
        gap += " " * (column - columns_of(text)) + GAP
    return pieces


def _shrunk(widths: list[int], width: int) -> list[int]:
    """Return column widths that fit into ``width``: the widest columns give way, down to one character."""
    available = max(width - len(GAP) * (len(widths) - 1), len(widths))
    widths = [max(1, min(each, available)) for each in widths]
    while sum(widths) > available:
        widths[widths.index(max(widths))] -= 1
    return widths


def wrap(text: str, width: int) -> list[str]:
    """Return ``text`` as lines of at most ``width`` columns, broken at spaces; a longer word is cut."""
    if columns_of(text) <= width:
        return [text]
    lines, line, used = [], "", 0
    for word in text.split(" "):
        size = columns_of(word)
        if line and used + 1 + size <= width:
            line, used = f"{line} {word}", used + 1 + size
            continue
        if line:
            lines.append(line)
        *whole, line = _cut(word, width) if size > width else [word]
        lines += whole
        used = columns_of(line)
    return [*lines, line]


def wrap_indented(line: str, width: int) -> list[str]:
    """Return ``line`` as lines of at most ``width`` columns, each indented as the first."""
    text = line.lstrip(" ")
    indent = line[: len(line) - len(text)]
    return [indent + part for part in wrap(text, max(1, width - len(indent)))]


def columns_of(text: str) -> int:
    """Return the number of columns that a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _cut(word: str, width: int) -> list[str]:
    from rich.cells import chop_cells

    return chop_cells(word, width)
