"""OVAL's operations and checks, value by value."""

import pytest

from openinspector.scap.comparison import checked, compare, exists
from openinspector.scap.pattern import Patterns
from openinspector.scap.truth import NotKnownError, Truth


@pytest.mark.parametrize(
    ("operation", "datatype", "value", "wanted", "result"),
    [
        ("equals", "string", "a", "a", True),
        ("equals", "string", "a", "A", False),
        ("not equal", "string", "a", "b", True),
        ("case insensitive equals", "string", "NO", "no", True),
        ("case insensitive not equal", "string", "NO", "no", False),
        ("pattern match", "string", "yes", "^y", True),
        ("equals", "int", "010", "10", True),
        ("greater than", "int", "9", "10", False),
        ("greater than or equal", "int", "14", "14", True),
        ("less than", "float", "1.5", "2", True),
        ("equals", "boolean", "true", "1", True),
        ("less than", "version", "1.10", "1.9", False),
        ("less than or equal", "evr_string", "0:5.1-2", "0:5.1-10", True),
        ("greater than", "debian_evr_string", "0:1.0", "0:1.0~rc1", True),
        ("bitwise and", "int", "7", "5", True),
        ("bitwise or", "int", "8", "5", False),
    ],
)
def test_operations(operation: str, datatype: str, value: str, wanted: str, result: bool) -> None:  # noqa: FBT001
    assert compare(operation, datatype, value, wanted, Patterns()) is result


@pytest.mark.parametrize(
    ("operation", "datatype", "value"), [("less than", "string", "a"), ("equals", "int", "a"), ("equals", "float", "a")]
)
def test_incomparable_values(operation: str, datatype: str, value: str) -> None:
    with pytest.raises(NotKnownError):
        compare(operation, datatype, value, "1", Patterns())


@pytest.mark.parametrize(
    ("check", "none", "one", "two"),
    [
        ("all_exist", False, True, True),
        ("at_least_one_exists", False, True, True),
        ("any_exist", True, True, True),
        ("none_exist", True, False, False),
        ("only_one_exists", False, True, False),
    ],
)
def test_existence(check: str, none: bool, one: bool, two: bool) -> None:  # noqa: FBT001
    assert [exists(check, count) for count in (0, 1, 2)] == [none, one, two]


T, F, U = Truth(True), Truth(False), Truth(None, "why")


@pytest.mark.parametrize(
    ("check", "answers", "value"),
    [
        ("all", [T, T], True),
        ("all", [T, U], None),
        ("all", [F, U], False),
        ("at least one", [F, T, U], True),
        ("at least one", [F, U], None),
        ("none satisfy", [F, F], True),
        ("none satisfy", [T, U], False),
        ("only one", [T, F], True),
        ("only one", [T, T, U], False),
        ("only one", [T, U], None),
        ("all", [], None),
    ],
)
def test_checks(check: str, answers: list[Truth], value: object) -> None:
    assert checked(check, answers).value is value


def test_an_unknown_check_is_not_known() -> None:
    for ask in (lambda: exists("some", 1), lambda: checked("some", [T])):
        with pytest.raises(NotKnownError):
            ask()
