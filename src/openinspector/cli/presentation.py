"""Output of the command line: tables, severities and times for people, and JSON, which never imports rich."""

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from openinspector.cli.layout import Styled, table_lines, wrap_indented
from openinspector.model.foreign_text import printable, printable_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

SEVERITY_ORDER: Final = ("High", "Medium", "Low", "Informational", "Undefined")
_SEVERITY_STYLE: Final[Mapping[str, str]] = {
    "High": "bold red",
    "Medium": "yellow",
    "Low": "cyan",
    "Informational": "dim",
    "Undefined": "white",
}
_STATE_STYLE: Final[Mapping[str, str]] = {
    "COMPLETED": "green",
    "COMPLETED_WITH_ERRORS": "yellow",
    "FAILED": "red",
    "ERROR": "red",
    "CANCELED": "dim",
    "HEALTHY": "green",
    "UNHEALTHY": "red",
    "UNKNOWN": "dim",
}


def console() -> "Console":
    """Return a console on standard output; 80 columns wide if the width is unknown."""
    from rich.console import Console

    return Console(highlight=False)


def print_json(value: object) -> None:
    """Print ``value`` as JSON, times as ISO 8601."""
    # The json module indents in Python, twenty times slower than it encodes.
    plain = json.dumps(value, default=_jsonable, ensure_ascii=False)
    click.echo(msgspec.json.format(plain, indent=2))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str | Styled]], *, empty: str) -> None:
    """Print a table, or the sentence ``empty`` if it has no rows."""
    cells = [[Styled(printable_line(cell)) if isinstance(cell, str) else cell for cell in row] for row in rows]
    if not cells:
        print_paragraph(empty)
        return
    head = [Styled(column, "bold") for column in columns]
    _print_lines(table_lines([head, *cells], terminal_width()))


def print_line(*pieces: Styled) -> None:
    """Print texts one after the other on a line."""
    _print_lines([pieces])


def print_paragraph(text: str = "", style: str = "", indent: int = 0) -> None:
    """Print text, wrapped to the terminal; a line that is indented stays so when it wraps."""
    lines = [" " * indent + line for line in printable(text).split("\n")]
    _print_lines([Styled(part, style)] for line in lines for part in wrap_indented(line, terminal_width()))


def terminal_width() -> int:
    """Return the number of columns of the terminal; 80 if it is unknown."""
    return shutil.get_terminal_size((80, 24)).columns


def _print_lines(lines: Iterable[Sequence[Styled]]) -> None:
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    click.echo("\n".join("".join(_ansi(piece) if colour else piece.text for piece in line) for line in lines))


def _ansi(piece: Styled) -> str:
    if not piece.style:
        return piece.text
    from rich.color import ColorSystem
    from rich.style import Style

    return Style.parse(piece.style).render(piece.text, color_system=ColorSystem.STANDARD)


def severity_text(severity: str) -> Styled:
    """Return a severity in its colour."""
    return Styled(severity, _SEVERITY_STYLE.get(severity, ""))


def state_text(state: str) -> Styled:
    """Return a run state or agent health in its colour."""
    return Styled(state, _STATE_STYLE.get(state, ""))


def time_text(moment: datetime | None) -> str:
    """Return a time to the second in UTC, or a dash."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else "–"


def duration_text(seconds: float) -> str:
    """Return a duration in its largest fitting unit: ``45 s``, ``3 min``, ``5 h``, ``12 d``."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def severity_bars(counts: Mapping[str, int], width: int = 40) -> "Table":
    """Return one bar per severity, drawn to the largest count."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(min_width=13)
    table.add_column(justify="right", min_width=5)
    table.add_column()
    largest = max(counts.values(), default=0) or 1
    for severity in SEVERITY_ORDER:
        count = counts.get(severity, 0)
        length = max(1, round(count / largest * width)) if count else 0
        bar = Text("█" * length, style=_SEVERITY_STYLE[severity])
        table.add_row(severity_text(severity), str(count), bar)
    return table


def facts_table(facts: Iterable[tuple[str, str]]) -> "Table":
    """Return labels and texts side by side; long texts wrap below themselves."""
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in facts:
        table.add_row(label, text)
    return table


def attribute(item: Mapping[str, Any], key: str) -> str:
    """Return the value of a finding's attribute, the first of several, or an empty text."""
    return next(iter(attribute_values(item, key)), "")


def attribute_values(item: Mapping[str, Any], key: str) -> list[str]:
    """Return every value of a finding's attribute."""
    return [str(one.get("value", "")) for one in item.get("attributes", ()) if one["key"] == key]


def _jsonable(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
