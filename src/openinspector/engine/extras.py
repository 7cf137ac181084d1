"""The repository of an Amazon Linux 2 package, if the host does not record it.

Topics of the extras ship packages under the names of the core's (``php`` 8.2 and 5.4), each with its own version
numbering. Of the repositories whose advisories name a package, the one that has built its series (the first two numbers
of the version) is chosen. A package that only the core's advisories name is from the core.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from openinspector.model.advisory import Fix, Status
from openinspector.model.inventory import Package

AMAZON_2: Final = "amzn:2"
_NUMBER: Final = re.compile(r"[0-9]+")

Builds = Mapping[str, Mapping[str, frozenset[str]]]
"""Series that advisories name, by package name and stream."""


def is_of_amazon_2(stream: str) -> bool:
    """Return True for the core's stream and for that of each topic."""
    return stream.partition("+")[0] == AMAZON_2


def built_series(statements: Iterable[Fix | Status]) -> Builds:
    """Return the series of each package that the fixes for Amazon Linux 2 name."""
    found: dict[str, dict[str, set[str]]] = {}
    for statement in statements:
        if isinstance(statement, Fix) and is_of_amazon_2(statement.target.stream):
            of_name = found.setdefault(statement.target.name, {})
            of_name.setdefault(statement.target.stream, set()).add(_series(statement.version))
    return {name: {stream: frozenset(series) for stream, series in streams.items()} for name, streams in found.items()}


def repositories_of(package: Package, builds: Builds) -> tuple[str, ...] | None:
    """Return the streams of the repositories that a package may come from; None if unknown.

    Empty if no advisory names it.
    """
    named = builds.get(package.name, {})
    if not any("+" in stream for stream in named):
        return tuple(named)
    fitting = sorted(stream for stream, series in named.items() if _series(package.version) in series)
    # topics share builds (docker is in two), so several of them do no harm; the core counts its own
    return tuple(fitting) if fitting and not (AMAZON_2 in fitting and len(fitting) > 1) else None


def _series(version: str) -> str:
    return ".".join(_NUMBER.findall(version.rpartition(":")[2].partition("-")[0])[:2])
