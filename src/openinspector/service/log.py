"""Logs of the service: one line per event on standard error, as JSON unless it is a terminal."""

import json
import logging
import sys
from typing import Any

import msgspec
import structlog


def configure_logging(level: str) -> None:
    """Send structlog's events and the warnings of libraries to standard error from ``level`` up."""
    threshold = log_events(level)
    logging.basicConfig(stream=sys.stderr, level=max(threshold, logging.WARNING), format="%(name)s %(message)s")


def log_events(level: str) -> int:
    """Send structlog's events to standard error from ``level`` up, and return that level's number."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(serializer=_render)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        # Looked up for every event, so that a redirected standard error gets later events.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    return threshold


def _render(event: dict[str, Any], **_: object) -> str:
    """Return an event as JSON; values that JSON cannot represent become their repr."""
    try:
        return msgspec.json.encode(event, enc_hook=repr).decode()
    except (UnicodeError, OverflowError):  # half of a character, as in a file's name; a number of over 64 bits
        return json.dumps(event, default=repr)
