"""Three values: OVAL's tables."""

from itertools import product

import pytest

from openinspector.scap.truth import Truth, combined

VALUES = (True, False, None)


@pytest.mark.parametrize(("one", "other"), [*product(VALUES, VALUES)])
def test_and_is_the_opposite_of_or_of_the_opposites(one: object, other: object) -> None:
    parts = [Truth(value if isinstance(value, bool) else None, "why") for value in (one, other)]
    opposites = [part.negated(True) for part in parts]
    assert combined("AND", parts).value == combined("OR", opposites).negated(True).value


@pytest.mark.parametrize(
    ("operator", "values", "value"),
    [
        ("ONE", (True, False), True),
        ("ONE", (True, True, None), False),
        ("ONE", (True, None), None),
        ("XOR", (True, True, True), True),
        ("XOR", (True, None), None),
        ("AND", (), None),
        ("NOR", (True,), None),
    ],
)
def test_other_operators(operator: str, values: tuple[bool | None, ...], value: object) -> None:
    assert combined(operator, [Truth(each, "why") for each in values]).value is value


def test_a_result_that_is_not_known_has_its_reason() -> None:
    assert combined("AND", [Truth(True), Truth(None, "no facts")]).because == "no facts"
