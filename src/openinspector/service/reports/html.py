"""The report as one HTML file: nothing is fetched when it is read, and without its script nothing is missing.

Everything a host, a feed or a user wrote is escaped by the template engine. The policy in the file allows the one
style and the one script that are in it, by their digests, and nothing else: not even words that got through as markup
could load or run anything.
"""

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from openinspector.model.finding import Severity
from openinspector.service.reports.chart import charts
from openinspector.service.reports.content import ReportContent

_PACKAGE: Final = "openinspector.service.reports"
_OPEN: Final = 12
"""Up to so many rules' findings are shown unfolded."""


def render_html(content: ReportContent) -> Iterator[bytes]:
    """Yield the document in pieces, UTF-8."""
    style, script = _part("report.css"), _part("report.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    stream = (
        _environment()
        .get_template("report.html.j2")
        .stream(
            report=content,
            charts=charts(content),
            severities=tuple(Severity),
            style=Markup(style),  # noqa: S704 - ours, from a file beside this one
            script=Markup(script),  # noqa: S704
            policy=policy,
            unfolded=len(content.findings) <= _OPEN,
        )
    )
    stream.enable_buffering(100)
    for piece in stream:
        yield piece.encode()


def moment_text(moment: datetime | None) -> str:
    """Return a time to the second in UTC, or a dash."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if moment else "–"


def duration_text(seconds: int) -> str:
    """Return a length of time in the largest unit that divides it: ``3 minutes``."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            return plural(seconds // size, unit)
    return plural(seconds, "second")


def plural(count: int, noun: str) -> str:
    """Return ``1 finding``, ``2 findings``, ``1,200 findings``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(_PACKAGE, "layout"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"moment": moment_text, "duration": duration_text, "plural": plural, "number": "{:,}".format}
    return environment


@cache
def _part(name: str) -> str:
    return files(_PACKAGE).joinpath("layout", name).read_text("utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
