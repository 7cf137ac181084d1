r"""Writes registry exports, security policies and hotfix lists as Windows does, for tests of their readers."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from openinspector.agent.windows.recorded_registry import EXPORTS


@dataclass(frozen=True, slots=True)
class Stored:
    """Data of any type, as stored."""

    type: int
    data: bytes


Data = str | int | bytes | tuple[str, ...] | Stored
"""Text, DWORD, binary, texts, or anything as stored."""
Keys = Mapping[str, Mapping[str, Data]]
"""Path of a key to its values."""

_LINE: Final = 25
"""Bytes of hexadecimal data a line holds; regedit breaks lines at 80 columns."""

SERVER_2022: Final[Keys] = MappingProxyType(
    {
        r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion": {
            "CurrentBuildNumber": "20348",
            "CurrentMajorVersionNumber": 10,
            "CurrentMinorVersionNumber": 0,
            "CurrentVersion": "6.3",
            "DisplayVersion": "21H2",
            "EditionID": "ServerStandard",
            "InstallationType": "Server",
            "ProductName": "Windows Server 2022 Standard",
            "UBR": 2031,
        },
        r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ComputerName\ActiveComputerName": {
            "ComputerName": "WIN-EXAMPLE"
        },
        r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager\Environment": {
            "PROCESSOR_ARCHITECTURE": "AMD64"
        },
        r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ProductOptions": {"ProductType": "ServerNT"},
    }
)
"""The description of a Windows Server 2022."""


def render_registry_export(keys: Keys, *, old: bool = False, encoding: str = "") -> bytes:
    """Return the export that ``reg export`` would write of ``keys``; ``old`` is the REGEDIT4 form.

    ``encoding`` is UTF-16LE with a byte order mark, or Windows-1252 in the old form, unless it says otherwise.
    """
    lines = ["REGEDIT4" if old else "Windows Registry Editor Version 5.00", ""]
    for path, values in keys.items():
        lines.append(f"[{path}]")
        lines += [f"{_name(name)}={_data(data, old=old)}" for name, data in values.items()]
        lines.append("")
    text = "\r\n".join(lines)
    if encoding:
        return text.encode(encoding)
    return text.encode("cp1252") if old else b"\xff\xfe" + text.encode("utf-16-le")


def render_security_policy(sections: Mapping[str, Mapping[str, str]]) -> bytes:
    """Return the INF that ``secedit /export`` would write, its frame included."""
    whole = {"Unicode": {"Unicode": "yes"}, **sections, "Version": {"signature": '"$CHICAGO$"', "Revision": "1"}}
    lines: list[str] = []
    for section, values in whole.items():
        lines.append(f"[{section}]")
        lines += [f"{name} = {value}" for name, value in values.items()]
    return b"\xff\xfe" + "".join(f"{line}\r\n" for line in lines).encode("utf-16-le")


def recorded_windows(keys: Keys, files: Mapping[str, bytes] = MappingProxyType({})) -> dict[str, bytes]:
    """Return the files of a Windows host for FakeHost: exports of Server 2022 and of ``keys``, and ``files``.

    ``files`` are names in the folder of exports.
    """
    return {
        f"{EXPORTS}/system.reg": render_registry_export(SERVER_2022),
        f"{EXPORTS}/more.reg": render_registry_export(keys),
        **{f"{EXPORTS}/{name}": content for name, content in files.items()},
    }


def _name(name: str) -> str:
    return f'"{_escape(name)}"' if name else "@"


def _data(data: Data, *, old: bool) -> str:
    match data:
        case str():
            return f'"{_escape(data)}"'
        case int():
            return f"dword:{data:08x}"
        case bytes():
            return f"hex:{_hex(data)}"
        case Stored():
            return f"hex({data.type:x}):{_hex(data.data)}"
        case texts:
            joined = "".join(f"{text}\0" for text in texts) + "\0"
            return f"hex(7):{_hex(joined.encode('cp1252' if old else 'utf-16-le'))}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _hex(data: bytes) -> str:
    rows = [data[start : start + _LINE] for start in range(0, len(data), _LINE)]
    return ",\\\r\n  ".join(",".join(f"{byte:02x}" for byte in row) for row in rows)
