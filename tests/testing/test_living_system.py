from itertools import chain, count, repeat

import pytest

from openinspector.testing.living_system import unchanged


def test_a_state_that_does_not_change_is_read_once() -> None:
    states = count()
    assert unchanged(lambda: next(states), lambda: "same") == (0, "same")
    assert next(states) == 1


def test_a_reading_while_the_state_changes_is_repeated() -> None:
    expected = chain(["a", "b"], repeat("c"))
    assert unchanged(count().__next__, expected.__next__) == (2, "c")


def test_a_state_that_never_settles_skips_the_test() -> None:
    with pytest.raises(pytest.skip.Exception):
        unchanged(lambda: 0, count().__next__)
