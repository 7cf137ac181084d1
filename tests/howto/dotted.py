"""Dotted numbers, as Example OS orders its packages: ``1.10`` is newer than ``1.9``, and ``1.0`` equals ``1``."""

import re
from typing import Final

from openinspector.version import VersionScheme, number_key

_VALID: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*")


def key(text: str) -> bytes:
    """Return the sort key of any text: its numbers in order, zeros at the end left out."""
    numbers = [number_key(digits.encode()) for digits in re.findall(r"[0-9]+", text, re.ASCII)]
    while numbers and numbers[-1] == number_key(b"0"):
        numbers.pop()
    return b"".join(numbers)


def is_valid(text: str) -> bool:
    """Return True if the package tool accepts ``text`` as a version."""
    return _VALID.fullmatch(text) is not None


SCHEME: Final = VersionScheme(name="dotted", key=key, is_valid=is_valid)
