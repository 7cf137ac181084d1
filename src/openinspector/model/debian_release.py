"""Debian's releases: code names, numbers and dates (https://www.debian.org/releases/)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class DebianRelease:
    """One release."""

    codename: str
    version_id: str
    """os-release ``VERSION_ID``; empty for unstable, which has none."""
    released: date | None = None
    """None before the release."""

    @property
    def stream(self) -> str:
        """The general stream of its statements: ``debian:<VERSION_ID>``, or ``debian:sid``."""
        return f"debian:{self.version_id or self.codename}"


RELEASES: Final[Mapping[str, DebianRelease]] = MappingProxyType(
    {
        codename: DebianRelease(codename=codename, version_id=number, released=released)
        for codename, number, released in (
            ("woody", "3.0", date(2002, 7, 19)),
            ("sarge", "3.1", date(2005, 6, 6)),
            ("etch", "4", date(2007, 4, 8)),
            ("lenny", "5", date(2009, 2, 14)),
            ("squeeze", "6", date(2011, 2, 6)),
            ("wheezy", "7", date(2013, 5, 4)),
            ("jessie", "8", date(2015, 4, 25)),
            ("stretch", "9", date(2017, 6, 17)),
            ("buster", "10", date(2019, 7, 6)),
            ("bullseye", "11", date(2021, 8, 14)),
            ("bookworm", "12", date(2023, 6, 10)),
            ("trixie", "13", date(2025, 8, 9)),
            ("forky", "14", None),
            ("duke", "15", None),
            ("sid", "", None),
        )
    }
)
"""Every release in Debian's security feeds, by code name."""
