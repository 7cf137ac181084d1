import io
from datetime import UTC, datetime

from openinspector.agent.operation.log import Log


def test_lines_hold_time_level_event_and_fields() -> None:
    stream = io.StringIO()
    log = Log(stream, "info", lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))
    log.debug("too fine")
    log.info("agent started", version="1", note="two words", empty="")
    assert stream.getvalue() == '2026-03-01T12:00:00Z info agent started version=1 note="two words" empty=""\n'


def test_foreign_text_cannot_forge_a_line() -> None:
    stream = io.StringIO()
    Log(stream, "debug", lambda: datetime(2026, 3, 1, tzinfo=UTC)).alarm("x", problem="a\n2026 info forged\x1b[2J")
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()


def test_closed_stream_does_not_stop_the_agent() -> None:
    stream = io.StringIO()
    stream.close()
    Log(stream, "debug", lambda: datetime(2026, 3, 1, tzinfo=UTC)).warning("x")


def test_the_journal_gets_each_lines_priority() -> None:
    stream = io.StringIO()
    log = Log(stream, "debug", lambda: datetime(2026, 3, 1, tzinfo=UTC), prioritised=True)
    for level in (log.debug, log.info, log.warning, log.alarm):
        level("x")
    assert [line[:3] for line in stream.getvalue().splitlines()] == ["<7>", "<6>", "<4>", "<3>"]
