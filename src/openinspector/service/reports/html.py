"""The report as one HTML file. It loads nothing when it is read, and is complete without its script.

The template engine escapes every text of a host, a feed or a user. The content security policy of the file allows only
its own style and script, by their digests. Markup that passed the escaping could therefore neither load nor run
anything.
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
from openinspector.service.reports.path_pictures import STYLE, drawn

_PACKAGE: Final = "openinspector.service.reports"
_OPEN: Final = 12
"""Most remedies whose findings are unfolded at first."""


def render_html(content: ReportContent) -> Iterator[bytes]:
    """Yield the document in pieces, UTF-8."""
    style, script = _part("report.css") + STYLE, _part("report.js")
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
            style=Markup(style),  # noqa: S704 - from a file of this package
            script=Markup(script),  # noqa: S704
            policy=policy,
            drawn=drawn,
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


def plural(count: int, noun: str, several: str = "") -> str:
    """Return ``1 finding``, ``2 findings``, ``1,200 findings``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {several or f'{noun}s'}"


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
