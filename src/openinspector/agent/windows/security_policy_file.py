"""Security policy files: the INF that ``secedit /export /cfg FILE`` writes (UTF-16LE with a byte order mark).

Its sections are ``[System Access]``, ``[Event Audit]``, ``[Privilege Rights]``, ``[Registry Values]`` and, if
more areas are exported, others that are not read. Source: MS-GPSB, 2.2 Message Syntax.
"""

import re
from codecs import BOM_UTF8, BOM_UTF16_LE
from collections.abc import Mapping
from typing import Final

from openinspector.model.errors import SensorError

MAX_POLICY_BYTES: Final = 4 * 1024 * 1024

_SECTION: Final = re.compile(r"\[([^\]\r\n]{1,255})\]")
_SIGNATURE: Final = '"$CHICAGO$"'
_SHOWN: Final = 60


class SecurityPolicyError(SensorError):
    """An invalid policy file; the text names the line."""


def parse_security_policy(data: bytes) -> Mapping[str, Mapping[str, str]]:
    """Return values by section and name in the file's order, without outer quotes; raise SecurityPolicyError."""
    sections: dict[str, dict[str, str]] = {}
    names: dict[str, str] | None = None
    for number, raw in enumerate(_decode(data).splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith(";"):
            continue
        found = _SECTION.fullmatch(line)
        if found:
            names = sections.setdefault(found[1].strip(), {})
            continue
        if names is None:
            raise _error(number, "a line before the first section", line)
        # Lines of areas that are not read ("name",2,"D:…") have no equals sign.
        name, equals, value = line.partition("=")
        if equals:
            names[name.strip()] = _unquoted(value.strip())
    if sections.get("Version", {}).get("signature", "").strip('"') != _SIGNATURE.strip('"'):
        raise SecurityPolicyError('not a security policy: [Version] has no signature="$CHICAGO$"')
    return sections


def _decode(data: bytes) -> str:
    if len(data) > MAX_POLICY_BYTES:
        raise SecurityPolicyError(f"larger than {MAX_POLICY_BYTES} bytes")
    try:
        if data.startswith(BOM_UTF16_LE):
            return data[len(BOM_UTF16_LE) :].decode("utf-16-le")
        return data.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise SecurityPolicyError(f"not text: {error.reason} at byte {error.start}") from error


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def _error(number: int, sentence: str, line: str) -> SecurityPolicyError:
    return SecurityPolicyError(f"line {number}: {sentence}: {line[:_SHOWN]!r}")
