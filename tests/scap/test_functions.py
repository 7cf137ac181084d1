"""OVAL's functions."""

import pytest

from openinspector.scap.functions import apply
from openinspector.scap.pattern import Patterns
from openinspector.scap.truth import NotKnownError


@pytest.mark.parametrize(
    ("name", "parts", "options", "values"),
    [
        ("concat", [("a", "b"), ("/",), ("c",)], {}, ("a/c", "b/c")),
        ("count", [("a", "b"), ("c",)], {}, ("3",)),
        ("unique", [("a", "b", "a")], {}, ("a", "b")),
        ("regex_capture", [("x=1", "none")], {"pattern": r"=(\d)"}, ("1", "")),
        ("substring", [("hello",)], {"substring_start": "2", "substring_length": "3"}, ("ell",)),
        ("substring", [("hello",)], {"substring_start": "0", "substring_length": "-1"}, ("hello",)),
        ("split", [("a,b",)], {"delimiter": ","}, ("a", "b")),
        ("begin", [("a", "^b")], {"character": "^"}, ("^a", "^b")),
        ("end", [("a", "b$")], {"character": "$"}, ("a$", "b$")),
        ("escape_regex", [("a.b",)], {}, (r"a\.b",)),
        ("arithmetic", [("2", "3"), ("4",)], {"arithmetic_operation": "add"}, ("6", "7")),
        ("arithmetic", [("2",), ("4",)], {"arithmetic_operation": "multiply"}, ("8",)),
        ("glob_to_regex", [("/etc/*.conf",)], {}, (r"^/etc/[^/]*\.conf$",)),
    ],
)
def test_functions(name: str, parts: list[tuple[str, ...]], options: dict[str, str], values: tuple[str, ...]) -> None:
    assert apply(name, parts, options, Patterns()) == values


@pytest.mark.parametrize(
    ("name", "parts"),
    [("time_difference", [("a",)]), ("arithmetic", [("a",)]), ("concat", [tuple("abcdefghij")] * 5)],
)
def test_unknown_functions_and_too_many_values(name: str, parts: list[tuple[str, ...]]) -> None:
    with pytest.raises(NotKnownError):
        apply(name, parts, {}, Patterns())
