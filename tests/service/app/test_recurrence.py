import contextlib
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.service.app.recurrence import RecurrenceError, parse_recurrence

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
"""A Wednesday."""
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("rate(7 days)", timedelta(days=7)),
        ("rate(1 day)", timedelta(days=1)),
        ("rate(12 hours)", timedelta(hours=12)),
        ("rate(15 minutes)", timedelta(minutes=15)),
    ],
)
def test_rates(text: str, period: timedelta) -> None:
    recurrence = parse_recurrence(text, NOW)
    assert recurrence.period == period
    assert recurrence.first(NOW) == NOW
    assert recurrence.after(NOW, NOW) == NOW + period


@pytest.mark.parametrize(
    ("text", "comes"),
    [
        ("cron(0 3 * * *)", datetime(2026, 11, 26, 3, tzinfo=UTC)),
        ("cron(0 3 * * 1)", datetime(2026, 11, 30, 3, tzinfo=UTC)),
        ("cron(0 3 ? * 1 *)", datetime(2026, 11, 29, 3, tzinfo=UTC)),
        ("cron(0 3 ? * MON *)", datetime(2026, 11, 30, 3, tzinfo=UTC)),
        ("cron(0 3 ? * 2-6 *)", datetime(2026, 11, 26, 3, tzinfo=UTC)),
        ("cron(15 10 L * ? *)", datetime(2026, 11, 30, 10, 15, tzinfo=UTC)),
        ("cron(0 0 1 1 *)", datetime(2027, 1, 1, tzinfo=UTC)),
        ("cron(*/15 * * * *)", datetime(2026, 11, 25, 12, 45, tzinfo=UTC)),
    ],
)
def test_cron_expressions_of_both_kinds(text: str, comes: datetime) -> None:
    """Five fields count Sunday as 0, the vendor's six as 1."""
    assert parse_recurrence(text, NOW).first(NOW) == comes


@pytest.mark.parametrize(
    ("weekdays", "names"),
    [
        ("2/2", "MON WED FRI"),
        ("MON/2", "MON WED FRI"),
        ("mon/2", "MON WED FRI"),
        ("1/3", "SUN WED SAT"),
        ("*/2", "SUN TUE THU SAT"),
        ("*/3", "SUN WED SAT"),
        ("*/7", "SUN"),
        ("7/2", "SAT"),
        ("2/99", "MON"),
        ("2-6/2", "MON WED FRI"),
        ("2/3,7", "MON THU SAT"),
        ("1,7", "SUN SAT"),
        ("1-7", "SUN MON TUE WED THU FRI SAT"),
    ],
)
def test_the_vendor_s_days_of_the_week(weekdays: str, names: str) -> None:
    """1 is Sunday and 7 Saturday; a step ends with the week."""
    recurrence, at = parse_recurrence(f"cron(0 0 ? * {weekdays} *)", NOW), NOW
    fired = set()
    for _ in range(20):
        at = recurrence.after(at, at)
        fired.add(f"{at:%a}".upper())
    assert fired == set(names.split())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("cron(0 0 1 * 2 *)", "the other one must be ?"),
        ("cron(0 0 15W * ? *)", "W, the weekday nearest"),
        ("cron(0 0 15W * *)", "W, the weekday nearest"),
        ("cron(0 0 ? * L *)", "L by itself is not supported"),
        ("cron(0 0 * * L)", "L by itself is not supported"),
        ("cron(0 0 ? * 2/0 *)", "this is not a cron expression"),
    ],
)
def test_unsupported_vendor_syntax_is_explained(text: str, reason: str) -> None:
    with pytest.raises(RecurrenceError, match=re.escape(reason)):
        parse_recurrence(text, NOW)


def test_the_last_of_a_month() -> None:
    """L and LW among days of the month, and 6L, the last Friday of the vendor's week."""
    for text, day in (("L * ? *", 30), ("LW * ? *", 30), ("? * 6L *", 27), ("? * 6#4 *", 27)):
        assert parse_recurrence(f"cron(0 0 {text})", NOW).first(NOW).day == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7 days",
        "rate(0 days)",
        "rate(14 minutes)",
        "rate(367 days)",
        "rate(1 week)",
        "rate( 7 days)",
        "rate(٧ days)",
        "cron()",
        "cron(* * * *)",
        "cron(* * * * *)",
        "cron(0,5 3 * * *)",
        "cron(0 3 * * * 2027)",
        "cron(61 3 * * *)",
        "cron(0 0 30 2 *)",
        "cron(0 0 1 1 * * *)",
        "cron(0 3 * * *) ",
        "at(2026-11-25T00:00:00)",
    ],
)
def test_invalid_expression_explains_the_syntax(text: str) -> None:
    with pytest.raises(RecurrenceError) as refused:
        parse_recurrence(text, NOW)
    assert str(refused.value)


@given(st.text(st.characters(max_codepoint=0x7F), max_size=40).map(lambda inner: f"cron({inner})") | st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with contextlib.suppress(RecurrenceError):
        parse_recurrence(text, NOW)


@given(last=MOMENTS, late=st.timedeltas(timedelta(0), timedelta(days=3000)), days=st.integers(1, 366))
def test_missed_times_are_skipped(last: datetime, late: timedelta, days: int) -> None:
    """The next time is in the row, in the future, and no further than one period away."""
    now, recurrence = last + late, parse_recurrence(f"rate({days} days)", NOW)
    assert recurrence.period is not None
    comes = recurrence.after(last, now)
    assert now < comes <= now + recurrence.period
    assert (comes - last) % recurrence.period == timedelta(0)


@given(last=MOMENTS, late=st.timedeltas(timedelta(0), timedelta(days=3000)))
def test_cron_time_is_in_the_future(last: datetime, late: timedelta) -> None:
    comes = parse_recurrence("cron(30 3 * * *)", NOW).after(last, last + late)
    assert last + late < comes <= last + late + timedelta(days=1)
    assert (comes.hour, comes.minute) == (3, 30)
