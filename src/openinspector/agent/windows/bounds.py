"""Limits on what sensors take from a registry: any program may write there what it likes."""

from typing import Final

from openinspector.agent.host import RegistryKey, RegistryValue

MAX_TEXT: Final = 4096
"""Characters of one value; no value that the agent reads has more on a sound host."""
MAX_PACKAGES: Final = 20_000
"""Packages of servicing; a host of ten years has some thousand."""
MAX_PROGRAMS: Final = 5_000


def short_text(key: RegistryKey, name: str) -> str:
    """Return the text of a value; empty if it is absent, not text, or longer than `MAX_TEXT`."""
    text = key.text(name)
    return text if len(text) <= MAX_TEXT else ""


def is_too_large(value: RegistryValue) -> bool:
    """Return True if a value holds more than `MAX_TEXT` characters or bytes."""
    match value.data:
        case int():
            return False
        case tuple() as texts:
            return sum(len(text) + 1 for text in texts) > MAX_TEXT
        case data:
            return len(data) > MAX_TEXT
