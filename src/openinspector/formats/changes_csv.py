"""``changes.csv`` and ``deletions.csv`` of a CSAF provider: one document per line, with the time of its last change.

https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html, section 7.1.13. A line is ``"2024/cve-2024-1.json","TIME"``.
Red Hat sorts them by time, newest first, SUSE by name: the order is ignored.
"""

import csv
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

_PATH: Final = re.compile(r"(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_.-]+\.json")


def read_changes(content: bytes) -> Mapping[str, datetime]:
    """Return the time of each document's last change by path; other lines are skipped."""
    found: dict[str, datetime] = {}
    for row in csv.reader(content.decode("utf-8", "replace").replace("\0", "").splitlines()):
        if len(row) < 2 or not _PATH.fullmatch(row[0]):  # noqa: PLR2004 - path and time
            continue
        try:
            time = datetime.fromisoformat(row[1].strip())
        except ValueError:
            continue
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time
        found[row[0]] = max(time, found.get(row[0], time))
    return found
