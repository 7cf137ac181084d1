from dataclasses import replace

import pytest

from openinspector.model.report import ReportFormat
from openinspector.service.reports.html import render_html
from openinspector.service.worker.report_process import ReportProcessError, lay_out
from openinspector.testing import report_builders as reports


def test_process_and_function_agree() -> None:
    assert lay_out(reports.small(), ReportFormat.HTML) == b"".join(render_html(reports.small()))


def test_pdf_is_complete() -> None:
    document = lay_out(reports.small(), ReportFormat.PDF)
    assert document.startswith(b"%PDF-")
    assert document.rstrip().endswith(b"%%EOF")


def test_a_process_that_fails_is_an_error() -> None:
    # The content is not of the type it says: the process refuses it.
    broken = replace(reports.small(), made_at="yesterday")  # type: ignore[arg-type]
    with pytest.raises(ReportProcessError, match="status 1"):
        lay_out(broken, ReportFormat.HTML)
