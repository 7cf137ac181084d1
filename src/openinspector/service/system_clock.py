"""The machine's clock and random resource ids: the real adapters of `ports/clock.py`."""

import secrets
import string
from datetime import UTC, datetime
from typing import Final

_ALPHABET: Final = string.digits + string.ascii_letters


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)


def new_resource_id() -> str:
    """Return ``0-`` and 8 random characters of [0-9A-Za-z] (decisions)."""
    return "0-" + "".join(secrets.choice(_ALPHABET) for _ in range(8))
