"""Comparisons with a running system, which other programs may change at any time."""

from collections.abc import Callable
from typing import Final, TypeVar

import pytest

T = TypeVar("T")
E = TypeVar("E")

_TRIES: Final = 20


def unchanged(ours: Callable[[], T], expected: Callable[[], E]) -> tuple[T, E]:
    """Return the results of ``ours`` and ``expected`` for the same state of the system.

    ``expected`` is read before and after ``ours``, until both readings are equal. Skip the test if they never are.
    """
    before = expected()
    for _ in range(_TRIES):
        found, after = ours(), expected()
        if before == after:
            return found, after
        before = after
    pytest.skip("the system changes faster than it can be read")
