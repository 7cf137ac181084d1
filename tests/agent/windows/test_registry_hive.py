import shutil
import struct
import subprocess
from contextlib import suppress
from functools import reduce
from operator import xor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.agent.host import RegistryKey
from openinspector.agent.windows.registry_export import parse_registry_export
from openinspector.agent.windows.registry_hive import RegistryHive, RegistryHiveError
from openinspector.agent.windows.registry_tree import RegistryTree
from openinspector.testing.windows_documents import Data, Keys, Stored, render_registry_export
from openinspector.testing.windows_hive import render_hive

KEYS: Keys = {
    "": {"of the root": 1},
    r"Microsoft\Windows": {
        "": "default",
        "text": "tëxt €",
        "empty": "",
        "number": 7,
        "bytes": b"\0\1\2\3\4",
        "few": b"\1",
        "texts": ("a", "b"),
        "long": bytes(range(256)) * 200,
        "name ü": Stored(11, b"\1" + bytes(7)),
    },
    "Ключ": {},
    "other": {},
}
oracle = pytest.mark.skipif(not shutil.which("hivexregedit"), reason="hivexregedit is absent: no oracle")
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
NAMES = st.text(st.characters(codec="ascii", exclude_characters="\\", exclude_categories=["Cc"]), max_size=20)
DATA: st.SearchStrategy[Data] = st.one_of(
    TEXT, st.integers(0, 2**32 - 1), st.binary(max_size=80), st.lists(TEXT.filter(bool), max_size=4).map(tuple)
)


def values(key: RegistryKey | None) -> dict[str, object]:
    assert key is not None
    return {value.name: value.data for value in key.values}


@pytest.mark.parametrize("kind", [b"lf", b"lh", b"li", b"ri"])
def test_keys_and_values_of_each_kind(kind: bytes) -> None:
    hive = RegistryHive(render_hive(KEYS, list_kind=kind))
    root = hive.key([])
    assert root is not None
    assert set(root.subkeys) == {"Microsoft", "Ключ", "other"}
    assert values(root) == {"of the root": 1}
    assert values(hive.key(["MICROSOFT", "windows"])) == {**KEYS[r"Microsoft\Windows"], "name ü": 1}
    assert values(hive.key(["ключ"])) == {}
    assert hive.key(["Microsoft", "absent"]) is None


@settings(deadline=None)
@given(st.dictionaries(NAMES, DATA, max_size=6))
def test_rendered_data_is_read_back(given_values: dict[str, Data]) -> None:
    assert values(RegistryHive(render_hive({"a": given_values})).key(["A"])) == given_values


def test_dirty_hive_is_refused() -> None:
    with pytest.raises(RegistryHiveError, match="not closed"):
        RegistryHive(render_hive(KEYS, closed=False))


@pytest.mark.parametrize("data", [b"", b"regf", bytes(8192), b"regf" + bytes(8192), render_hive({})[:4096] + b"x"])
def test_other_data_is_refused(data: bytes) -> None:
    with pytest.raises(RegistryHiveError):
        RegistryHive(data).key([])


@settings(deadline=None, max_examples=400)
@given(st.integers(0, 3000), st.binary(min_size=1, max_size=8), st.integers(0, 4096))
def test_damage_is_an_error_or_another_hive(start: int, damage: bytes, cut: int) -> None:
    whole = bytearray(render_hive({r"Microsoft\Windows": {"text": "x" * 40, "n": 1}, "other": {}}))
    whole[4096 + start : 4096 + start + len(damage)] = damage
    with suppress(RegistryHiveError):
        hive = RegistryHive(bytes(whole[: len(whole) - cut]))
        for names in ([], ["Microsoft"], ["Microsoft", "Windows"]):
            hive.key(names)


def test_self_referencing_list_is_refused() -> None:
    whole = bytearray(render_hive({"a": {}}, list_kind=b"ri"))
    at = whole.index(b"ri")
    struct.pack_into("<I", whole, at + 4, at - 4 - 4096)
    with pytest.raises(RegistryHiveError, match="damaged list"):
        RegistryHive(bytes(whole)).key([])


def test_a_damaged_header_is_refused() -> None:
    whole = bytearray(render_hive({}))
    whole[100] ^= 1
    with pytest.raises(RegistryHiveError, match="header"):
        RegistryHive(bytes(whole))
    assert reduce(xor, struct.unpack_from("<127I", render_hive({})))


@oracle
def test_hivex_agrees_on_rendered_hives(tmp_path: Path) -> None:
    file = tmp_path / "hive"
    # hivexregedit prints names that are not ASCII in an encoding of its own.
    plain = {name: data for name, data in KEYS[r"Microsoft\Windows"].items() if name.isascii()}
    file.write_bytes(render_hive({r"Microsoft\Windows": plain, "other": {}}))
    printed = subprocess.run(
        ["hivexregedit", "--export", "--prefix", r"HKEY_LOCAL_MACHINE\X", str(file), "\\"],
        check=True,
        capture_output=True,
    ).stdout
    tree = RegistryTree()
    parse_registry_export(printed, tree)
    path = r"HKEY_LOCAL_MACHINE\X\Microsoft\Windows"
    theirs, ours = tree.key(path), RegistryHive(file.read_bytes()).key(["Microsoft", "Windows"])
    assert values(theirs) == values(ours)


@oracle
def test_reads_hives_merged_by_hivex(tmp_path: Path) -> None:
    """Merge our own export with hivex: checks both formats and both readers."""
    file, export = tmp_path / "hive", tmp_path / "in.reg"
    file.write_bytes(render_hive({"other": {}}))
    merged: Keys = {r"HKEY_LOCAL_MACHINE\X\Example": {"a": "text", "b": 7, "c": b"\0\1\2", "d": ("x", "y"), "": "z"}}
    more: Keys = {rf"HKEY_LOCAL_MACHINE\X\Example\Key{number}": {"n": number} for number in range(300)}
    export.write_bytes(render_registry_export({**merged, **more}, encoding="utf-8"))
    subprocess.run(["hivexregedit", "--merge", "--prefix", r"HKEY_LOCAL_MACHINE\X", str(file), str(export)], check=True)
    hive = RegistryHive(file.read_bytes())
    assert values(hive.key(["Example"])) == merged[r"HKEY_LOCAL_MACHINE\X\Example"]
    assert all(values(hive.key(["example", f"KEY{number}"])) == {"n": number} for number in range(300))
