"""The 15 exclusion types (F8.2's table)."""

from openinspector.model.exclusion import ExclusionKind


def test_there_are_fifteen_types_and_eight_of_them_are_errors() -> None:
    assert len(ExclusionKind) == 15
    assert [kind.is_error for kind in ExclusionKind] == [False] * 7 + [True] * 8
