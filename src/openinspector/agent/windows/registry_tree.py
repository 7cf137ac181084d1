"""Keys and values of a Windows registry in memory; names are matched in any case."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from openinspector.agent.host import RegistryKey, RegistryValue

REG_SZ: Final = 1
REG_EXPAND_SZ: Final = 2
REG_BINARY: Final = 3
REG_DWORD: Final = 4
REG_DWORD_BIG_ENDIAN: Final = 5
REG_LINK: Final = 6
REG_MULTI_SZ: Final = 7
REG_QWORD: Final = 11

MAX_DEPTH: Final = 512
"""Depth limit of Windows for keys (Registry Element Size Limits)."""

_ROOTS: Final = MappingProxyType(
    {
        "HKLM": "HKEY_LOCAL_MACHINE",
        "HKU": "HKEY_USERS",
        "HKCU": "HKEY_CURRENT_USER",
        "HKCR": "HKEY_CLASSES_ROOT",
        "HKCC": "HKEY_CURRENT_CONFIG",
    }
)
_TEXTS: Final = (REG_SZ, REG_EXPAND_SZ, REG_LINK)
_SIZES: Final = MappingProxyType({REG_DWORD: 4, REG_DWORD_BIG_ENDIAN: 4, REG_QWORD: 8})


def registry_data(kind: int, data: bytes, encoding: str = "utf-16-le") -> str | int | bytes | tuple[str, ...]:
    """Return stored ``data`` as a value of its type, or the bytes themselves if they do not fit the type.

    Text ends at its first NUL; bytes that are invalid in ``encoding`` become U+FFFD.
    """
    if kind in _SIZES:
        if len(data) != _SIZES[kind]:
            return data
        return int.from_bytes(data, "big" if kind == REG_DWORD_BIG_ENDIAN else "little")
    if kind in _TEXTS:
        return data.decode(encoding, errors="replace").partition("\0")[0]
    if kind == REG_MULTI_SZ:
        return tuple(_until_empty(data.decode(encoding, errors="replace").split("\0")))
    return data


class RegistryTree:
    r"""Keys by path; paths are ``HKEY_LOCAL_MACHINE\\…`` or begin with a short name such as ``HKLM``."""

    def __init__(self) -> None:
        self._root = _Node(name="")

    def make_key(self, path: str) -> None:
        """Make the key and its parents; raise ValueError if it would be deeper than Windows allows."""
        names = _names(path)
        if len(names) > MAX_DEPTH:
            raise ValueError(f"a key deeper than {MAX_DEPTH}")
        node = self._root
        for name in names:
            node = node.subkeys.setdefault(name.casefold(), _Node(name=name))

    def remove_key(self, path: str) -> None:
        """Remove the key and its subkeys, if it exists."""
        *above, name = _names(path) or [""]
        node = self._find(above)
        if node is not None:
            node.subkeys.pop(name.casefold(), None)

    def set_value(self, path: str, value: RegistryValue) -> None:
        """Set a value of an existing key; a value of the same name is replaced."""
        node = self._find(_names(path))
        if node is not None:
            node.values[value.name.casefold()] = value

    def remove_value(self, path: str, name: str) -> None:
        """Remove a value, if it exists."""
        node = self._find(_names(path))
        if node is not None:
            node.values.pop(name.casefold(), None)

    def key(self, path: str) -> RegistryKey | None:
        """Return the key at ``path``, or None."""
        node = self._find(_names(path))
        if node is None:
            return None
        return RegistryKey(
            values=tuple(node.values.values()), subkeys=tuple(below.name for below in node.subkeys.values())
        )

    def _find(self, names: list[str]) -> "_Node | None":
        node: _Node | None = self._root
        for name in names:
            node = node.subkeys.get(name.casefold()) if node else None
        return node


@dataclass(slots=True)
class _Node:
    name: str
    values: dict[str, RegistryValue] = field(default_factory=dict)
    subkeys: dict[str, "_Node"] = field(default_factory=dict)


def _names(path: str) -> list[str]:
    first, *others = path.split("\\")
    return [name for name in (_ROOTS.get(first.upper(), first), *others) if name]


def _until_empty(texts: list[str]) -> Iterator[str]:
    for text in texts:
        if not text:
            return
        yield text
