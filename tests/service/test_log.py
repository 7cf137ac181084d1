"""Logs of the service: one JSON line an event on standard error, from the level asked for up."""

import contextlib
import io
import json
from collections.abc import Iterator

import pytest
import structlog

from openinspector.service.log import configure_logging


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    configuration = structlog.get_config()
    yield
    structlog.configure(**configuration)


def logged(level: str) -> list[dict[str, object]]:
    configure_logging(level)
    log = structlog.get_logger()
    with contextlib.redirect_stderr(io.StringIO()) as written:
        log.debug("part detail")
        log.info("part event", count=3)
        log.error("part failed")
    return [json.loads(line) for line in written.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("level", "events"),
    [
        ("debug", ["part detail", "part event", "part failed"]),
        ("info", ["part event", "part failed"]),
        ("error", ["part failed"]),
    ],
)
def test_events_from_a_level_up(level: str, events: list[str]) -> None:
    assert [line["event"] for line in logged(level)] == events


def test_an_event_carries_its_fields_and_its_time() -> None:
    event = logged("info")[0]
    assert event["count"] == 3
    assert str(event["timestamp"]).endswith("Z")


def test_events_follow_redirected_standard_error() -> None:
    logged("info")
    assert logged("info")


@pytest.mark.parametrize("value", ["half a character: \udce9", 2**70])
def test_unusual_values_are_logged(value: object) -> None:
    configure_logging("info")
    with contextlib.redirect_stderr(io.StringIO()) as written:
        structlog.get_logger().info("part event", value=value, other=object)
    event = json.loads(written.getvalue())
    assert (event["value"], event["other"]) == (value, repr(object))
