r"""Registry exports (``.reg`` files) as ``reg export`` and regedit write them.

The first line is ``Windows Registry Editor Version 5.00`` (UTF-16LE with a byte order mark as Windows writes it; UTF-8
if it was converted) or ``REGEDIT4`` (the older form, in the ANSI code page: read as Windows-1252). Then::

    [HKEY_LOCAL_MACHINE\SOFTWARE\Key]      [-HKEY_LOCAL_MACHINE\SOFTWARE\Key] removes the key
    @="default value"                      "name"=- removes the value
    "name"="text with \\ and \" escaped"   may span lines
    "name"=dword:0000000a
    "name"=hex(7):61,00,\
      00,00                                a number in brackets is the type; hex: alone is REG_BINARY

In REGEDIT4 the bytes of hex(2) and hex(7) are ANSI text, else UTF-16LE. Source: Microsoft, "How to add, modify, or
delete registry subkeys and values by using a .reg file"; "Windows Registry Editor Version 5.00" as regedit prints it.
"""

import re
from codecs import BOM_UTF8, BOM_UTF16_LE
from typing import Final

from openinspector.agent.host import RegistryValue
from openinspector.agent.windows.registry_tree import REG_BINARY, REG_DWORD, REG_SZ, RegistryTree, registry_data
from openinspector.model.errors import SensorError

MAX_EXPORT_BYTES: Final = 32 * 1024 * 1024

_VERSION_5: Final = "Windows Registry Editor Version 5.00"
_VERSION_4: Final = "REGEDIT4"
_ANSI: Final = "cp1252"
_BLANK: Final = re.compile(r"(?:\s+|;[^\r\n]*)*")
_KEY: Final = re.compile(r"\[(-?)([^\r\n]+)\][ \t]*(?=[\r\n]|\Z)")
_NAME: Final = re.compile(r'(?:(@)|"((?:[^"\\]|\\.)*)")[ \t]*=[ \t]*', re.DOTALL)
_DATA: Final = re.compile(
    r'(?:(?P<gone>-)|"(?P<text>(?:[^"\\]|\\.)*)"|dword:(?P<dword>[0-9a-fA-F]{1,8})'
    r"|hex(?:\((?P<type>[0-9a-fA-F]{1,8})\))?:(?P<hex>(?:[0-9a-fA-F]{2}|,|\\[ \t]*\r?\n|[ \t])*+))[ \t]*+(?=[\r\n]|\Z)",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}(?:,[0-9a-fA-F]{2})*,?)?")
_LAYOUT: Final = re.compile(r"[\\\s]")
_SHOWN: Final = 60


class RegistryExportError(SensorError):
    """An invalid export; the text names the line."""


def parse_registry_export(data: bytes, tree: RegistryTree) -> None:
    """Add the keys and values of one export to ``tree``; raise RegistryExportError, possibly after adding some."""
    text, encoding = _decode(data)
    parser = _Parser(text, encoding, tree)
    parser.parse()


def _decode(data: bytes) -> tuple[str, str]:
    """Return the text after the first line, and the encoding of text in hexadecimal data."""
    if len(data) > MAX_EXPORT_BYTES:
        raise RegistryExportError(f"larger than {MAX_EXPORT_BYTES} bytes")
    try:
        if data.startswith(BOM_UTF16_LE):
            text = data[len(BOM_UTF16_LE) :].decode("utf-16-le")
        elif data.startswith(_VERSION_4.encode()):
            text = data.decode(_ANSI)
        else:
            text = data.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise RegistryExportError(f"not text: {error.reason} at byte {error.start}") from error
    first, _, rest = text.partition("\n")
    if first.strip() not in (_VERSION_5, _VERSION_4):
        raise RegistryExportError("not a registry export: the first line has no version")
    return rest, "utf-16-le" if first.strip() == _VERSION_5 else _ANSI


class _Parser:
    def __init__(self, text: str, encoding: str, tree: RegistryTree) -> None:
        self._text = text
        self._encoding = encoding
        self._tree = tree
        self._at = 0
        self._key = ""

    def parse(self) -> None:
        while self._skip_blank() < len(self._text):
            found = _KEY.match(self._text, self._at)
            if found:
                self._at = found.end()
                self._enter(found[2], gone=bool(found[1]))
            else:
                self._value()

    def _enter(self, path: str, *, gone: bool) -> None:
        if gone:
            self._tree.remove_key(path)
            self._key = ""
            return
        try:
            self._tree.make_key(path)
        except ValueError as error:
            raise self._error(str(error)) from error
        self._key = path

    def _value(self) -> None:
        named = _NAME.match(self._text, self._at)
        found = _DATA.match(self._text, named.end()) if named else None
        if named is None or found is None:
            raise self._error("neither a key nor a value")
        if not self._key:
            raise self._error("a value outside a key")
        name = "" if named[1] else _unescape(named[2])
        if found["gone"]:
            self._tree.remove_value(self._key, name)
        else:
            self._tree.set_value(self._key, self._registry_value(name, found))
        self._at = found.end()

    def _registry_value(self, name: str, found: re.Match[str]) -> RegistryValue:
        if found["text"] is not None:
            return RegistryValue(name=name, type=REG_SZ, data=_unescape(found["text"]))
        if found["dword"] is not None:
            return RegistryValue(name=name, type=REG_DWORD, data=int(found["dword"], 16))
        digits = _LAYOUT.sub("", found["hex"])
        if not _HEX.fullmatch(digits):
            raise self._error("not bytes in hexadecimal")
        kind = int(found["type"], 16) if found["type"] else REG_BINARY
        return RegistryValue(
            name=name, type=kind, data=registry_data(kind, bytes.fromhex(digits.replace(",", "")), self._encoding)
        )

    def _skip_blank(self) -> int:
        found = _BLANK.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _error(self, sentence: str) -> RegistryExportError:
        line = self._text.count("\n", 0, self._at) + 2
        start = self._text[self._at : self._at + _SHOWN].partition("\n")[0].strip()
        return RegistryExportError(f"line {line}: {sentence}: {start!r}")


def _unescape(text: str) -> str:
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text
