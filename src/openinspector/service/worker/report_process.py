"""Renders a report in a separate process with limits on memory and time."""

import subprocess
import sys
from typing import Final

import msgspec
import structlog

from openinspector.model.errors import OpenInspectorError
from openinspector.model.report import ReportFormat
from openinspector.service.reports.content import ReportContent

SECONDS: Final = 600
_MODULE: Final = "openinspector.service.reports"
_SHOWN_BYTES: Final = 2000

_log = structlog.get_logger()


class ReportProcessError(OpenInspectorError):
    """The report process failed or timed out."""


def lay_out(content: ReportContent, layout: ReportFormat) -> bytes:
    """Return the document; raises ReportProcessError."""
    try:
        done = subprocess.run(  # noqa: S603 - our module in this interpreter
            [sys.executable, "-m", _MODULE, layout.value],
            input=msgspec.json.encode(content),
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise ReportProcessError(f"the report was not rendered within {SECONDS} s") from error
    if done.returncode != 0:
        _log.error(
            "report_process failed",
            status=done.returncode,
            stderr=done.stderr[-_SHOWN_BYTES:].decode("utf-8", "replace"),
        )
        raise ReportProcessError(f"the report process ended with status {done.returncode}")
    return done.stdout
