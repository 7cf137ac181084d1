"""Logs of the service: one line an event on standard error, JSON unless a person is watching."""

import logging
import sys

import structlog


def configure_logging(level: str) -> None:
    """Send structlog's events and the warnings of libraries to standard error from ``level`` up."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        # Looked up for every event: whoever redirects standard error gets the events from then on.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(stream=sys.stderr, level=max(threshold, logging.WARNING), format="%(name)s %(message)s")
