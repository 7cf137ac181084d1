"""Retention: shreds telemetry after a number of days, finishes interrupted shredding, repeats it after a restore."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from openinspector.model.arn import RunArn
from openinspector.model.errors import StoreError
from openinspector.service.app.telemetry import ShredReceipt, Telemetry
from openinspector.service.ports.telemetry_store import TelemetryStore

_OUTAGE: Final = timedelta(days=30)
"""Longest outage of the object store after which the shredding of its time is still finished."""
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionReport:
    """Result of one round of retention."""

    shredded: tuple[ShredReceipt, ...]
    failed: tuple[RunArn, ...]
    """Runs that could not be shredded; the next round retries."""


def apply_retention(telemetry: Telemetry, index: TelemetryStore, days: int, now: datetime) -> RetentionReport:
    """Shred every run whose key is older than ``days`` (F3.3: 30), and those that were shredded before a restore."""
    due = [key.run_arn for key in index.run_keys_created_before(now - timedelta(days=days))]
    unfinished = telemetry.unfinished(now - _OUTAGE)
    return _shred_all(telemetry, tuple(dict.fromkeys((*telemetry.restored(), *unfinished, *due))))


def _shred_all(telemetry: Telemetry, runs: Sequence[RunArn]) -> RetentionReport:
    shredded: list[ShredReceipt] = []
    failed: list[RunArn] = []
    for run in runs:
        try:
            shredded.append(telemetry.shred(run))
        except StoreError as error:
            failed.append(run)
            _log.error("retention failed", run=run, error=str(error))
    return RetentionReport(shredded=tuple(shredded), failed=tuple(failed))
