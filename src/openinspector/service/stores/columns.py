"""Column types that behave the same on both databases: text in byte order, times as integers, values as JSON."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

Word: Final = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text that is compared and ordered byte by byte, regardless of the database's locale."""


def to_micros(moment: datetime) -> int:
    """Return microseconds since 1970 UTC, exactly; TypeError without a time zone."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the time in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


class UtcDateTime(TypeDecorator[datetime]):
    """A time with time zone, stored as microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Convert a time to microseconds."""
        del dialect
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Convert microseconds to a time in UTC."""
        del dialect
        return None if value is None else from_micros(value)


class Span(TypeDecorator[timedelta]):
    """A duration, stored as microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        """Convert a duration to microseconds."""
        del dialect
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        """Convert microseconds to a duration."""
        del dialect
        return None if value is None else timedelta(microseconds=value)


class Json(TypeDecorator[Any]):
    """A value of one type, stored as JSON text. JSON escapes control characters, which PostgreSQL would refuse."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind
        self._decoder = msgspec.json.Decoder(kind)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Encode a value as JSON."""
        del dialect
        return None if value is None else to_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Decode JSON to the column's type."""
        del dialect
        return None if value is None else self._decoder.decode(value)


def to_json(value: object) -> str:
    """Return the JSON text that a value is stored and searched as."""
    return _ENCODER.encode(value).decode()


_ENCODER: Final = msgspec.json.Encoder()
