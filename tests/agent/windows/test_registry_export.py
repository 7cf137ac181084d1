from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.agent.host import RegistryValue
from openinspector.agent.windows.registry_export import RegistryExportError, parse_registry_export
from openinspector.agent.windows.registry_tree import RegistryTree
from openinspector.testing.windows_documents import Data, Keys, Stored, render_registry_export

KEY = r"HKEY_LOCAL_MACHINE\SOFTWARE\Example"
HEAD = "Windows Registry Editor Version 5.00\r\n\r\n"

# Text in the old format's code page: other characters would not survive a round trip.
TEXT = st.text(st.characters(codec="cp1252", exclude_characters="\0"), max_size=20)
NAMES = st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), max_size=20)
DATA: st.SearchStrategy[Data] = st.one_of(
    TEXT, st.integers(0, 2**32 - 1), st.binary(max_size=80), st.lists(TEXT.filter(bool), max_size=4).map(tuple)
)


def tree_of(data: bytes) -> RegistryTree:
    tree = RegistryTree()
    parse_registry_export(data, tree)
    return tree


def values_of(tree: RegistryTree, path: str = KEY) -> dict[str, object]:
    key = tree.key(path)
    assert key is not None
    return {value.name: value.data for value in key.values}


def five(text: str) -> bytes:
    return (HEAD + text).encode()


@pytest.mark.parametrize("old", [False, True])
@settings(deadline=None)
@given(values=st.dictionaries(NAMES, DATA, max_size=6))
def test_rendered_data_is_read_back(*, values: dict[str, Data], old: bool) -> None:
    folded = {name.casefold(): (name, data) for name, data in values.items()}
    unique = dict(folded.values())
    assert values_of(tree_of(render_registry_export({KEY: unique}, old=old))) == unique


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_exports_converted_to_utf8_are_read(encoding: str) -> None:
    assert values_of(tree_of(render_registry_export({KEY: {"ä": "ö€"}}, encoding=encoding))) == {"ä": "ö€"}


@pytest.mark.parametrize(
    ("line", "kind", "data"),
    [
        ('"n"="C:\\\\a \\"b\\""', 1, 'C:\\a "b"'),
        ('"n"=dword:0000000A', 4, 10),
        ('"n"=hex(b):01,00,00,00,00,00,00,80', 11, 2**63 + 1),
        ('"n"=hex(5):00,00,00,02', 5, 2),
        ('"n"=hex(4):01,02', 4, b"\1\2"),
        ('"n"=hex(2):25,00,41,00,25,00,00,00', 2, "%A%"),
        ('"n"=hex(7):61,00,00,00,62,00,00,00,00,00', 7, ("a", "b")),
        ('"n"=hex(0):', 0, b""),
        ('"n"=hex:01,\\\r\n  02,\\\r\n  03', 3, b"\1\2\3"),
        ('"n"=hex(100000):ff', 0x100000, b"\xff"),
        ('"n"="two\r\nlines"', 1, "two\r\nlines"),
    ],
)
def test_each_type(line: str, kind: int, data: object) -> None:
    key = tree_of(five(f"[{KEY}]\r\n{line}\r\n")).key(KEY)
    assert key is not None
    assert [(value.type, value.data) for value in key.values] == [(kind, data)]


def test_the_old_form_writes_texts_in_ansi() -> None:
    tree = tree_of(f'REGEDIT4\r\n\r\n[{KEY}]\r\n"n"=hex(7):61,00,e4,00,00\r\n'.encode())
    assert values_of(tree) == {"n": ("a", "ä")}


def test_names_are_case_insensitive_and_roots_have_short_names() -> None:
    key = tree_of(five(f"[{KEY}]\r\n@=dword:1\r\n")).key(r"hklm\software\EXAMPLE")
    assert key is not None
    assert key.values == (RegistryValue(name="", type=4, data=1),)


def test_removed_keys_and_values_are_absent() -> None:
    tree = tree_of(
        five(
            f'[{KEY}]\r\n"a"=dword:1\r\n"b"=dword:2\r\n[{KEY}\\Below]\r\n[-{KEY}\\Below]\r\n; x\r\n[{KEY}]\r\n"A"=-\r\n'
        )
    )
    assert values_of(tree) == {"b": 2}
    assert tree.key(rf"{KEY}\Below") is None


def test_key_with_brackets() -> None:
    assert values_of(tree_of(five(f"[{KEY}]x]\r\n@=dword:1\r\n")), rf"{KEY}]x") == {"": 1}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "first line"),
        (b"REGEDIT5\r\n", "first line"),
        (b"\xff\xfeR\0E\0", "first line"),
        (b"\xff\xfeR", "not text"),
        (b"Windows \xff", "not text"),
        (five('"n"=dword:1'), "outside a key"),
        (five(f"[{KEY}]\r\nnonsense"), "line 4: neither"),
        (five(f'[{KEY}]\r\n"n"=dword:123456789'), "neither"),
        (five(f'[{KEY}]\r\n"n"="open'), "neither"),
        (five(f'[{KEY}]\r\n"n"=hex:0'), "neither"),
        (five(f'[{KEY}]\r\n"n"=hex:01,,02'), "not bytes"),
        (five(f"[-{KEY}]\r\n@=dword:1"), "outside a key"),
        (five("[" + "a\\" * 600 + "]"), "deeper than 512"),
        (bytes(33 * 1024 * 1024), "larger than"),
    ],
)
def test_other_data_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(RegistryExportError, match=message):
        tree_of(data)


@settings(deadline=None)
@given(damage=st.binary(max_size=40), start=st.integers(0, 400), old=st.booleans())
def test_damage_is_an_error_or_another_export(*, damage: bytes, start: int, old: bool) -> None:
    keys: Keys = {KEY: {"": "x", "n": 1, "m": ("a", "b"), "s": Stored(0, b"\1"), "long": bytes(60)}}
    whole = render_registry_export(keys, old=old)
    with suppress(RegistryExportError):
        tree_of(whole[:start] + damage + whole[start + len(damage) :])


@pytest.mark.parametrize("hostile", ["hex:" + " " * 2**20 + "x", "hex:" + "\\\n" * 2**19 + "x", '"' + "\\" * 2**20])
def test_mebibyte_of_blanks_in_a_value_takes_one_pass(hostile: str) -> None:
    with pytest.raises(RegistryExportError, match="neither a key nor a value"):
        tree_of(five(f'[{KEY}]\r\n"n"={hostile}\r\n'))
