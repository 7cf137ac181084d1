"""Audit rules of the kernel (linux/audit.h), in the notation of ``auditctl -l`` (auditctl(8))."""

import errno
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from openinspector.agent.linux.config_file import decode
from openinspector.agent.linux.system_call import NAMES

GET: Final = 1000
LIST_RULES: Final = 1013
MAX_RULES: Final = 2000

_WORDS: Final = 64
"""Words of the bit mask of system calls, and places for fields."""
_RULE: Final = struct.Struct(f"=III{_WORDS}I{_WORDS}I{_WORDS}I{_WORDS}II")
"""Flags, action, field count, mask, fields, values, operators, length of the texts: ``audit_rule_data``."""
_STATUS: Final = struct.Struct("=III")
"""Mask, enabled, failure: the beginning of ``audit_status``."""
_ALL: Final = (0xFFFFFFFF,) * _WORDS
_FILTERS: Final = {0: "user", 1: "task", 4: "exit", 5: "exclude", 6: "filesystem", 7: "io_uring"}
_ACTIONS: Final = {0: "never", 1: "possible", 2: "always"}
_PREPEND: Final = 0x10
_ARCH: Final = 11
_EXIT: Final = 103
_WATCH: Final = 105
_PERM: Final = 106
_DIR: Final = 107
_COMPARE: Final = 111
_KEY: Final = 210
_FIELDS: Final[Mapping[int, str]] = MappingProxyType(
    {
        **dict(enumerate(("pid", "uid", "euid", "suid", "fsuid", "gid", "egid", "sgid", "fsgid", "auid", "pers"))),
        _ARCH: "arch",
        12: "msgtype",
        **dict(enumerate(("subj_user", "subj_role", "subj_type", "subj_sen", "subj_clr", "ppid"), 13)),
        **dict(enumerate(("obj_user", "obj_role", "obj_type", "obj_lev_low", "obj_lev_high"), 19)),
        25: "sessionid",
        26: "fstype",
        100: "devmajor",
        101: "devminor",
        102: "inode",
        _EXIT: "exit",
        104: "success",
        _WATCH: "path",
        _PERM: "perm",
        _DIR: "dir",
        108: "filetype",
        109: "obj_uid",
        110: "obj_gid",
        112: "exe",
        113: "saddr_fam",
        **dict(enumerate(("a0", "a1", "a2", "a3"), 200)),
        _KEY: "key",
    }
)
_TEXTS: Final = frozenset({*range(13, 18), *range(19, 24), _WATCH, _DIR, 112, _KEY})
"""Fields whose value is the length of a text."""
_IDS: Final = frozenset({*range(1, 10), 25, 109, 110})
_UNSET: Final = 0xFFFFFFFF
_OPERATORS: Final = {
    0x08000000: "&",
    0x10000000: "<",
    0x20000000: ">",
    0x30000000: "!=",
    0x40000000: "=",
    0x48000000: "&=",
    0x50000000: "<=",
    0x60000000: ">=",
}
_ARCHITECTURES: Final = {0xC000003E: "b64", 0x40000003: "b32", 0xC00000B7: "b64", 0x40000028: "b32"}
_PERMISSIONS: Final = ((4, "r"), (2, "w"), (1, "x"), (8, "a"))
_COMPARED: Final = (
    ("uid", "obj_uid"),
    ("gid", "obj_gid"),
    ("euid", "obj_uid"),
    ("egid", "obj_gid"),
    ("auid", "obj_uid"),
    ("suid", "obj_uid"),
    ("sgid", "obj_gid"),
    ("fsuid", "obj_uid"),
    ("fsgid", "obj_gid"),
    ("uid", "auid"),
    ("uid", "euid"),
    ("uid", "fsuid"),
    ("uid", "suid"),
    ("auid", "fsuid"),
    ("auid", "suid"),
    ("auid", "euid"),
    ("euid", "suid"),
    ("euid", "fsuid"),
    ("suid", "fsuid"),
    ("gid", "egid"),
    ("gid", "fsgid"),
    ("gid", "sgid"),
    ("egid", "fsgid"),
    ("egid", "sgid"),
    ("sgid", "fsgid"),
)
"""Fields of ``-C``, by ``AUDIT_COMPARE_…`` from 1."""


@dataclass(frozen=True, slots=True)
class _Field:
    number: int
    operator: str
    value: int
    text: str = ""


def parse_status(payload: bytes) -> tuple[int, int] | None:
    """Return ``enabled`` (2 is locked) and ``failure`` of the audit state; None if the message is too short."""
    if len(payload) < _STATUS.size:
        return None
    _, enabled, failure = _STATUS.unpack_from(payload)
    return enabled, failure


def render_rule(payload: bytes) -> str | None:
    """Return a rule as ``auditctl -l`` prints it; None if the message is malformed.

    System calls that no table has a name for are written as numbers, as are fields.
    """
    if len(payload) < _RULE.size:
        return None
    flags, action, count, *words = _RULE.unpack_from(payload)
    mask, numbers, values, operators = (tuple(words[n * _WORDS : (n + 1) * _WORDS]) for n in range(4))
    texts = payload[_RULE.size : _RULE.size + words[-1]]
    if count > _WORDS:
        return None
    fields: list[_Field] = []
    at = 0
    for number, value, operator in zip(numbers[:count], values, operators, strict=False):
        text = ""
        if number in _TEXTS:
            text = decode(texts[at : at + value])
            at += value
        fields.append(_Field(number, _OPERATORS.get(operator, "="), value, text))
    return _watch(mask, fields) or _system_calls(flags, action, mask, fields)


def _watch(mask: tuple[int, ...], fields: list[_Field]) -> str | None:
    """Return a rule that watches a path as ``-w``; None if it is another one."""
    by_number = {field.number: field for field in fields}
    path = by_number.get(_WATCH) or by_number.get(_DIR)
    if path is None or mask != _ALL or not by_number.keys() <= {_WATCH, _DIR, _PERM, _KEY}:
        return None
    permissions = by_number[_PERM].value if _PERM in by_number else 0xF
    key = f" -k {by_number[_KEY].text}" if _KEY in by_number else ""
    return f"-w {path.text} -p {_permissions(permissions)}{key}"


def _system_calls(flags: int, action: int, mask: tuple[int, ...], fields: list[_Field]) -> str:
    architecture = next((field.value for field in fields if field.number == _ARCH), 0)
    filter_name = _FILTERS.get(flags & ~_PREPEND, str(flags))
    words = ["-a", f"{_ACTIONS.get(action, str(action))},{filter_name}"]
    words += (_field(field) for field in fields if field.number == _ARCH)
    if any(mask):
        words.append(f"-S {'all' if mask == _ALL else ','.join(_calls(mask, architecture))}")
    words += (_field(field) for field in fields if field.number != _ARCH)
    return " ".join(words)


def _calls(mask: tuple[int, ...], architecture: int) -> Iterator[str]:
    names = NAMES.get(architecture, {})
    for number in range(32 * _WORDS):
        if mask[number // 32] >> number % 32 & 1:
            yield names.get(number, str(number))


def _field(field: _Field) -> str:
    if field.number == _COMPARE and 0 < field.value <= len(_COMPARED):
        left, right = _COMPARED[field.value - 1]
        return f"-C {left}{field.operator}{right}"
    return f"-F {_FIELDS.get(field.number, str(field.number))}{field.operator}{_value(field)}"


def _value(field: _Field) -> str:
    number, value = field.number, field.value
    if number in _TEXTS:
        return field.text
    if number == _ARCH:
        return _ARCHITECTURES.get(value, f"{value:#x}")
    if number == _PERM:
        return _permissions(value)
    if number == _EXIT:
        signed = value - (1 << 32) if value >> 31 else value
        return f"-{errno.errorcode[-signed]}" if -signed in errno.errorcode else str(signed)
    return "unset" if number in _IDS and value == _UNSET else str(value)


def _permissions(bits: int) -> str:
    return "".join(letter for bit, letter in _PERMISSIONS if bits & bit)
