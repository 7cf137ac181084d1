"""The report as PDF, rendered by typst.

The typst document is a file of this package. The content reaches it as data, so no text of a host, a feed or a user can
become markup. typst needs about a megabyte a page: a very long report is shortened first
(`openinspector.service.reports.paper`), and the document states that.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import as_file, files
from typing import Any, Final

import msgspec
import typst

from openinspector.model.finding import Severity
from openinspector.service.reports.chart import charts
from openinspector.service.reports.content import ReportContent
from openinspector.service.reports.html import duration_text, moment_text
from openinspector.service.reports.paper import BUDGET, fit_paper

_LONG_WORD: Final = re.compile(r"[^\s\u200b]{24,}")
_BREAKS: Final = re.compile(r"([/:._,=+-]+|[^/:._,=+-]{20})(?=.)")
_ZERO_WIDTH: Final = "\u200b"


def render_pdf(content: ReportContent, budget: int = BUDGET) -> bytes:
    """Return the document with about ``budget`` characters of findings; raises typst.TypstError."""
    paper = fit_paper(content, budget)
    data = msgspec.to_builtins(
        {
            "report": replace(content, findings=(), instances=paper.instances),
            "findings": paper.findings,
            "listed": [(rule.heading, rule.title, rule.severity, rule.count) for rule in paper.listed],
            "instances": len(content.instances),
            "shortened": paper.shortened,
            "unlisted": paper.unlisted,
            "charts": charts(content),
            "counts": content.counts,
            "total": content.total,
            "affected": content.affected,
            "remedies": [(remedy.recommendation, remedy.count) for remedy in content.remedies],
            "rules_with_findings": len(content.findings),
            "severities": [severity.value for severity in Severity],
            "title": content.title,
            "made_at": moment_text(content.made_at),
            "duration": duration_text(content.run.duration_seconds),
            "times": {
                "created": moment_text(content.run.created_at),
                "started": moment_text(content.run.started_at),
                "completed": moment_text(content.run.completed_at),
            },
            "feed_times": [(moment_text(feed.published_at), moment_text(feed.fetched_at)) for feed in content.feeds],
        }
    )
    text = msgspec.json.encode(_breakable(data)).decode()
    with as_file(files("openinspector.service.reports").joinpath("layout", "report.typ")) as document:
        return typst.compile(document, sys_inputs={"data": text}, timestamp=int(content.made_at.timestamp()))


def _breakable(value: object) -> Any:
    """Return ``value`` with zero-width spaces in long words, so that lines can break there."""
    if isinstance(value, str):
        return _LONG_WORD.sub(lambda word: _BREAKS.sub(rf"\1{_ZERO_WIDTH}", word[0]), value)
    if isinstance(value, Mapping):
        return {key: _breakable(one) for key, one in value.items()}
    if isinstance(value, Sequence):
        return [_breakable(one) for one in value]
    return value
