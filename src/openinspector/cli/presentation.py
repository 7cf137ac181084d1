"""Output of the command line: tables, severities and times for people, and JSON, which never imports rich."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from openinspector.model.foreign_text import printable_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

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


def print_table(columns: Sequence[str], rows: "Iterable[Sequence[str | Text]]", *, empty: str) -> None:
    """Print a table, or the sentence ``empty`` if it has no rows."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable_line(cell)) if isinstance(cell, str) else cell for cell in row))
    console().print(table if table.row_count else empty)


def severity_text(severity: str) -> "Text":
    """Return a severity in its colour."""
    from rich.text import Text

    return Text(severity, style=_SEVERITY_STYLE.get(severity, ""))


def state_text(state: str) -> "Text":
    """Return a run state or agent health in its colour."""
    from rich.text import Text

    return Text(state, style=_STATE_STYLE.get(state, ""))


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
