"""Ground: one named value that a finding rests on. A waiver holds as long as its grounds do.

Grounds are values of the facts, never rendered text: rewording a rule must not end the waivers of its findings.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_GROUNDS: Final = 32
MAX_GROUND: Final = 256
"""Longest key and value, in characters."""
NOT_SET: Final = "(not set)"
"""Value of a setting that the host does not make."""
_DIGEST: Final = 16


class Part(StrEnum):
    """The part of a finding that a ground is about."""

    SUBJECT = "SUBJECT"
    """A thing that is wrong: a file, an account. Such a set may shrink; when it grows, the ground has changed."""
    VERSION = "VERSION"
    """Version of an installed package."""
    FIX = "FIX"
    """State of the fix, and the version that has it."""
    SEVERITY = "SEVERITY"
    """The severity of the finding, as a band."""
    EXPLOITED = "EXPLOITED"
    """Whether exploitation is known."""
    EXPOSURE = "EXPOSURE"
    """Ports and sources that reach the host. This set may shrink; when it grows, the ground has changed."""
    USE = "USE"
    """Whether the code is present and used: installed, loaded, running."""
    SETTING = "SETTING"
    """Effective value of a setting."""
    ADVISORY = "ADVISORY"
    """Digest of the advisory."""
    RULE = "RULE"
    """Revision of the rule."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Ground:
    """A named value. Several grounds with the same part and key form a set: the ports of a process."""

    part: Part
    key: str
    """``PermitRootLogin``, ``openssl``, ``port``."""
    value: str


def setting(key: str, value: str) -> Ground:
    """Return the ground for the effective value of a setting."""
    return Ground(part=Part.SETTING, key=key, value=value)


def subject(key: str, value: str) -> Ground:
    """Return the ground for one of the things that are wrong: a file with its mode, an account."""
    return Ground(part=Part.SUBJECT, key=key, value=value)


def bounded(found: Iterable[Ground]) -> tuple[Ground, ...]:
    """Return grounds sorted, each once, at most `MAX_GROUNDS` of at most `MAX_GROUND` characters.

    Values beyond a bound are replaced by their digest, so that a change in it still counts as one.
    """
    every = sorted({_bounded(ground) for ground in found})
    if len(every) <= MAX_GROUNDS:
        return tuple(every)
    kept, rest = every[: MAX_GROUNDS - 1], every[MAX_GROUNDS - 1 :]
    text = "\0".join(f"{ground.part}\0{ground.key}\0{ground.value}" for ground in rest)
    others = Ground(part=rest[0].part, key=f"{len(rest)} more", value=_digest(text))
    return tuple(sorted((*kept, others)))


def _bounded(ground: Ground) -> Ground:
    if len(ground.key) <= MAX_GROUND and len(ground.value) <= MAX_GROUND:
        return ground
    return Ground(part=ground.part, key=_cut(ground.key), value=_cut(ground.value))


def _cut(text: str) -> str:
    if len(text) <= MAX_GROUND:
        return text
    end = f"… {_digest(text)}"
    return text[: MAX_GROUND - len(end)] + end


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode(errors='surrogateescape')).hexdigest()[:_DIGEST]}"
