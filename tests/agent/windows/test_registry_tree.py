import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.host import RegistryValue
from openinspector.agent.windows.registry_tree import MAX_DEPTH, RegistryTree, registry_data


@given(st.integers(0, 20), st.binary(max_size=64))
def test_any_data_is_decoded(kind: int, data: bytes) -> None:
    found = registry_data(kind, data)
    assert not isinstance(found, bytes) or found == data


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        (1, "a\0b".encode("utf-16-le"), "a"),
        (1, b"a\0b", "a�"),
        (4, b"\x0a\0\0\0", 10),
        (4, b"\x0a", b"\x0a"),
        (5, b"\0\0\0\x0a", 10),
        (7, "a\0b\0\0c\0".encode("utf-16-le"), ("a", "b")),
        (7, b"", ()),
        (11, b"\1" + bytes(7), 1),
    ],
)
def test_data_of_each_type(kind: int, data: bytes, value: object) -> None:
    assert registry_data(kind, data) == value


def test_parent_keys_exist_and_subkeys_are_removed_with_a_key() -> None:
    tree = RegistryTree()
    tree.make_key(r"HKLM\A\B")
    above = tree.key("hkey_local_machine")
    assert above is not None
    assert above.subkeys == ("A",)
    tree.remove_key(r"HKLM\a")
    tree.remove_key(r"HKLM\a")
    assert tree.key(r"HKLM\A\B") is None


def test_values_of_missing_keys_are_refused() -> None:
    tree = RegistryTree()
    tree.set_value(r"HKLM\A", RegistryValue(name="n", type=4, data=1))
    tree.remove_value(r"HKLM\A", "n")
    assert tree.key(r"HKLM\A") is None


def test_a_key_too_deep_is_refused() -> None:
    with pytest.raises(ValueError, match="deeper"):
        RegistryTree().make_key("\\".join("a" * (MAX_DEPTH + 1)))
