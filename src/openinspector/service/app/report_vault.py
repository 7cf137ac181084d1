"""Completed reports as objects, compressed and sealed, each under its own key.

The wrapped key is stored in the report's row: once the row is deleted, no copy of the object can be opened. A report
is held in memory as a whole when it is opened, because nothing is sent before all of it is authenticated.
"""

import hashlib
from typing import Final

from openinspector.model.arn import RunArn
from openinspector.model.errors import StoreError
from openinspector.model.report import Report
from openinspector.service.ports.key_provider import KeyProvider
from openinspector.service.ports.object_store import ObjectStore
from openinspector.service.sealing.chunked import ReportSealContext, open_sealed, seal
from openinspector.service.sealing.compression import compress, decompress

MAX_BYTES: Final = 512 * 1024 * 1024
"""Maximum size of a report before compression."""


class ReportVault:
    """Seals reports and opens them in memory."""

    def __init__(self, objects: ObjectStore, keys: KeyProvider, account: str) -> None:
        self._objects = objects
        self._keys = keys
        self._account = account

    def put(self, report: Report, content: bytes) -> bytes:
        """Seal and store a report; return its wrapped key. StoreError."""
        if len(content) > MAX_BYTES:
            raise StoreError(f"the report has {len(content)} bytes; at most {MAX_BYTES} are kept")
        key = self._keys.generate(self._context(report))
        self._objects.put(_name(report), seal(key.plaintext, _seal_context(report), compress(content)))
        return key.wrapped

    def open(self, report: Report) -> bytes:
        """Return a report's content; StoreError if it is missing or damaged."""
        key = self._keys.unwrap(report.wrapped_key, self._context(report))
        sealed = self._objects.get(_name(report))
        return decompress(open_sealed(key, _seal_context(report), sealed), MAX_BYTES)

    def delete(self, report: Report) -> None:
        """Delete a report's object; no effect if it does not exist."""
        self._objects.delete(_name(report))

    def delete_run(self, run: RunArn) -> None:
        """Delete the objects of all reports of a run."""
        for name in list(self._objects.names(_folder(run))):
            self._objects.delete(name)

    def _context(self, report: Report) -> dict[str, str]:
        return report_key_context(self._account, report.run_arn, report.id)


def report_key_context(account: str, run: RunArn, report_id: str) -> dict[str, str]:
    """Return the encryption context of a report's data key."""
    return {"account": account, "run": run, "report": report_id}


def _seal_context(report: Report) -> ReportSealContext:
    return ReportSealContext(run_arn=report.run_arn, report_id=report.id)


def _folder(run: RunArn) -> str:
    return f"reports/{hashlib.sha256(run.encode()).hexdigest()[:32]}"


def _name(report: Report) -> str:
    return f"{_folder(report.run_arn)}/{report.id}"
