"""Stored advisories read from the SQLite file by the standard library alone.

The commands that evaluate on this machine start in a fraction of a second: they cannot import SQLAlchemy and the
migrations for three queries. The file is opened read-only; it is neither created nor migrated.
"""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from openinspector.model.advisory import Advisory, Vulnerability
from openinspector.model.errors import StoreError
from openinspector.service.stores.advisory_blob import advisories_of, vulnerabilities_of, year_of

_BUSY_SECONDS: Final = 30


class AdvisoryFile:
    """An `AdvisoryReader` of an installation's SQLite file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def fingerprints(self) -> Mapping[str, str]:
        """Return the fingerprint of each feed's stored state."""
        return dict(self._rows("SELECT feed, fingerprint FROM feed_snapshot"))

    def days(self) -> Mapping[str, str]:
        """Return the day (ISO 8601, UTC) on which each feed was last fetched completely."""
        return dict(self._rows("SELECT feed, date(fetched_at / 1000000, 'unixepoch') FROM feed_snapshot"))

    def streams(self) -> Sequence[str]:
        """Return every stream that an advisory mentions, sorted."""
        return [stream for (stream,) in self._rows("SELECT DISTINCT stream FROM advisory_blob ORDER BY stream")]

    def advisories(self, streams: Sequence[str]) -> Sequence[Advisory]:
        """Return the advisories that mention any of ``streams``, by feed and id."""
        query = "SELECT feed, content FROM advisory_blob WHERE stream IN ({}) ORDER BY feed, stream"
        return advisories_of(self._rows(query, sorted(set(streams))))

    def vulnerabilities(self, identities: Collection[str]) -> Mapping[str, Vulnerability]:
        """Return these CVEs as all feeds together describe them; a CVE that no feed knows is absent."""
        wanted = frozenset(identities)
        query = "SELECT content FROM vulnerability_blob WHERE year IN ({}) ORDER BY feed, year"
        rows = self._rows(query, sorted({year_of(identity) for identity in wanted}))
        return vulnerabilities_of((content for (content,) in rows), wanted)

    def _rows(self, query: str, keys: Sequence[str] = ()) -> list[Any]:
        """Return the rows of a query, in which ``{}`` stands for one placeholder per key; StoreError."""
        try:
            uri = f"{self._path.resolve().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as connection:
                return connection.execute(query.format(", ".join("?" * len(keys))), keys).fetchall()
        except sqlite3.Error as error:
            advice = "`openinspector feeds status` opens it and brings it up to date."
            raise StoreError(f"the advisories in {self._path} cannot be read: {error}", advice=advice) from error
