"""Recurrence of schedules: ``rate(N minutes|hours|days)`` and ``cron(…)``, in UTC.

The syntax is that of the vendor's scheduler. ``cron`` has the five fields of cron(5), or the vendor's six: the sixth,
the year, must be ``*`` here; among six, days of the week count from 1 for Sunday to 7, also where they are counted in
steps (``2/2``: Monday, Wednesday, Friday), and only one of the fields for days may name days. ``?`` stands for any day.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Final

from cronsim import CronSim, CronSimError

_RATE: Final = re.compile(r"rate\((\d{1,5}) (minute|hour|day)s?\)", re.ASCII)
_CRON: Final = re.compile(r"cron\(([\x21-\x7e]+(?: [\x21-\x7e]+){4,5})\)", re.ASCII)
_UNITS: Final = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_SHORTEST: Final = timedelta(minutes=15)
"""The shortest period of the vendor's guide (F4.67); a run lasts at least three minutes."""
_LONGEST: Final = timedelta(days=366)
_VENDOR_FIELDS: Final = 6
_LOOKED_AT: Final = 200
"""Number of times of a cron expression that are checked for their distance."""
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_STEPS: Final = re.compile(rf"([1-7]|{'|'.join(_DAYS)})/([1-9]\d?)", re.ASCII)
_WEEKDAY: Final = re.compile(r"(?<![#\d/])[1-7](?!\d)")


class RecurrenceError(ValueError):
    """A text is not a recurrence; the message describes the syntax."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """Either a period or a cron expression of five fields."""

    period: timedelta | None = None
    cron: str = ""

    def first(self, now: datetime) -> datetime:
        """Return the first time: now for a period (F4.71), the next match for a cron expression."""
        return now if self.period is not None else self.after(now, now)

    def after(self, last: datetime, now: datetime) -> datetime:
        """Return the first time after ``now`` in the series of ``last``: missed times are skipped."""
        if self.period is not None:
            return last + ((now - last) // self.period + 1) * self.period
        return next(CronSim(self.cron, now.astimezone(UTC)))


def parse_recurrence(text: str, now: datetime) -> Recurrence:
    """Parse ``text``; RecurrenceError. ``now`` is the start of the check that times are not too close."""
    rate = _RATE.fullmatch(text)
    if rate is not None:
        period = int(rate[1]) * _UNITS[rate[2]]
        if not _SHORTEST <= period <= _LONGEST:
            raise RecurrenceError("a rate is from 15 minutes to 366 days")
        return Recurrence(period=period)
    cron = _CRON.fullmatch(text)
    if cron is None:
        raise RecurrenceError(
            "a schedule is rate(N minutes|hours|days), or cron(minute hour day month weekday), in UTC"
        )
    recurrence = Recurrence(cron=_five_fields(cron[1].split(" ")))
    _check_times(recurrence, now)
    return recurrence


def _five_fields(fields: list[str]) -> str:
    if len(fields) == _VENDOR_FIELDS:
        *fields, year = fields
        if year != "*":
            raise RecurrenceError("the year of a cron expression must be * here")
        if all(field[0] not in "*?" for field in (fields[2], fields[4])):
            raise RecurrenceError("of day of month and day of week only one may be given; the other one must be ?")
        fields[4] = ",".join(_weekdays(term) for term in fields[4].upper().split(","))
    _check_supported(fields)
    return " ".join("*" if field == "?" else field for field in fields)


def _weekdays(term: str) -> str:
    """Return a term of the vendor's days of the week, 1 to 7, as cron(5) has it, 0 to 6."""
    steps = _STEPS.fullmatch(term)
    if steps is None:
        return _WEEKDAY.sub(lambda day: str(int(day[0]) - 1), term)
    # In cron(5) a step would include 7, which is Sunday again.
    first = int(steps[1]) - 1 if steps[1].isdecimal() else _DAYS.index(steps[1])
    return ",".join(str(day) for day in range(first, len(_DAYS), int(steps[2])))


def _check_supported(fields: list[str]) -> None:
    _, _, days, _, weekdays = (field.upper() for field in fields)
    if any("W" in term and term != "LW" for term in days.split(",")):
        raise RecurrenceError("W, the weekday nearest to a day of the month, is not supported here, except in LW")
    if "L" in weekdays.split(","):
        raise RecurrenceError("L by itself is not supported as a day of the week: say SAT, or 6L for the last Friday")


def _check_times(recurrence: Recurrence, now: datetime) -> None:
    """Raise RecurrenceError if an expression is invalid, never matches, or matches more often than runs can start."""
    try:
        simulated = CronSim(recurrence.cron, now.astimezone(UTC))
        times = list(islice(simulated, _LOOKED_AT))
    except CronSimError as error:
        raise RecurrenceError(f"this is not a cron expression: {error}") from error
    if not times:
        raise RecurrenceError("this cron expression never matches")
    if any(later - earlier < _SHORTEST for earlier, later in pairwise(times)):
        raise RecurrenceError("a schedule must leave 15 minutes between one run and the next")
