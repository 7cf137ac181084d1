"""Renders the content of a report in the requested format."""

from collections.abc import Iterable

from openinspector.model.report import ReportFormat
from openinspector.service.reports.content import ReportContent


def render(content: ReportContent, layout: ReportFormat) -> Iterable[bytes]:
    """Return the document in pieces."""
    if layout is ReportFormat.PDF:
        from openinspector.service.reports.pdf import render_pdf  # noqa: PLC0415 - typst is large, and HTML does not need it

        return (render_pdf(content),)
    from openinspector.service.reports.html import render_html  # noqa: PLC0415

    return render_html(content)
