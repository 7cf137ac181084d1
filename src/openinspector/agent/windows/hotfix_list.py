"""An administrator's lists of hotfixes: the output of ``wmic qfe`` and ``Get-HotFix``.

Three formats are recognised by how they begin: JSON (``Get-HotFix | ConvertTo-Json``), a table of columns
(``wmic qfe list brief``, ``Get-HotFix``), and CSV (``wmic qfe list /format:csv``, ``Get-HotFix | Export-Csv``). Each
has a column HotFixID and may have a column InstalledOn. Windows PowerShell writes UTF-16LE or UTF-8 with a byte
order mark. Source: Win32_QuickFixEngineering; dates in JSON are ``/Date(milliseconds)/`` (5.1) or ISO 8601 (7).
"""

import csv
import json
import re
from codecs import BOM_UTF8, BOM_UTF16_LE
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from openinspector.model.errors import SensorError

MAX_LIST_BYTES: Final = 4 * 1024 * 1024
MAX_DATE: Final = 40

_ID: Final = "HotFixID"
_DATE: Final = "InstalledOn"
_KB: Final = re.compile(r"KB\d{4,10}", re.IGNORECASE)
_COLUMN: Final = re.compile(r"\S+")
_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T.*|)")
_SLASHES: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: .*|)")
_MILLISECONDS: Final = re.compile(r"/Date\((-?\d{1,15})\)/")
_MONTHS: Final = 12


class HotfixListError(SensorError):
    """An invalid list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedHotfix:
    """One line of a list."""

    kb: str
    installed_on: str
    """``2023-10-11``, or the text of the list if day and month are ambiguous; empty if unknown."""


def parse_hotfix_list(data: bytes) -> tuple[tuple[ListedHotfix, ...], int]:
    """Return the hotfixes of a list, and the number of entries without a KB article; raise HotfixListError.

    Old versions of Windows call some entries "File 1", which does not identify the update.
    """
    text = _decode(data).strip()
    rows = list(_json_rows(text) if text[:1] in ("[", "{") else _text_rows(text))
    found = tuple(
        ListedHotfix(kb=row[_ID].upper(), installed_on=_date(row.get(_DATE, "")))
        for row in rows
        if _KB.fullmatch(row.get(_ID, ""))
    )
    return found, len(rows) - len(found)


def _decode(data: bytes) -> str:
    if len(data) > MAX_LIST_BYTES:
        raise HotfixListError(f"larger than {MAX_LIST_BYTES} bytes")
    try:
        if data.startswith(BOM_UTF16_LE):
            return data[len(BOM_UTF16_LE) :].decode("utf-16-le")
        return data.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise HotfixListError(f"not text: {error.reason} at byte {error.start}") from error


def _json_rows(text: str) -> Iterator[Mapping[str, str]]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HotfixListError(f"not JSON: {str(error)[:100]}") from error
    for entry in value if isinstance(value, list) else [value]:
        if not isinstance(entry, dict):
            raise HotfixListError("not a list of objects")
        yield {name: _json_text(entry.get(name)) for name in (_ID, _DATE)}


def _json_text(value: object) -> str:
    """Return the text of a value; PowerShell 5.1 wraps a date in an object with the members value and DateTime."""
    if isinstance(value, dict):
        value = value.get("value")
    return value.strip() if isinstance(value, str) else ""


def _text_rows(text: str) -> Iterator[Mapping[str, str]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#TYPE")]
    if not lines or _ID not in lines[0]:
        raise HotfixListError(f"no column {_ID} in its first line")
    return _csv_rows(lines) if "," in lines[0] else _table_rows(lines)


def _csv_rows(lines: list[str]) -> Iterator[Mapping[str, str]]:
    try:
        for row in csv.DictReader(lines, strict=True):
            yield {name: (row.get(name) or "").strip() for name in (_ID, _DATE)}
    except csv.Error as error:
        raise HotfixListError(f"not CSV: {error}") from error


def _table_rows(lines: list[str]) -> Iterator[Mapping[str, str]]:
    starts = [(found[0], found.start()) for found in _COLUMN.finditer(lines[0])]
    ends = [*(start for _, start in starts[1:]), None]
    columns = {name: slice(start, end) for (name, start), end in zip(starts, ends, strict=True)}
    for line in lines[1:]:
        if not set(line) <= {"-", " "}:
            yield {name: line[columns[name]].strip() for name in (_ID, _DATE) if name in columns}


def _date(text: str) -> str:
    if found := _MILLISECONDS.fullmatch(text):
        try:
            return f"{datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(found[1])):%Y-%m-%d}"
        except OverflowError:
            return ""
    if found := _ISO.fullmatch(text):
        return "-".join(found.groups())
    if found := _SLASHES.fullmatch(text):
        first, second, year = (int(number) for number in found.groups())
        # 10/11/2023 is October in one country and November in another; only a number above 12 is unambiguous.
        if first > _MONTHS >= second:
            return f"{year}-{second:02}-{first:02}"
        if second > _MONTHS >= first or first == second:
            return f"{year}-{first:02}-{second:02}"
    return text[:MAX_DATE]
