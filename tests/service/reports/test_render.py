import pytest

from openinspector.model.report import ReportFormat
from openinspector.service.reports.render import render
from openinspector.testing import report_builders as reports


@pytest.mark.parametrize(("layout", "start"), [(ReportFormat.HTML, b"<!doctype html>"), (ReportFormat.PDF, b"%PDF-")])
def test_each_format_has_its_signature(layout: ReportFormat, start: bytes) -> None:
    assert b"".join(render(reports.small(), layout)).lstrip().startswith(start)
