"""The pause of the garbage collector."""

import gc

import pytest

from openinspector.garbage import no_garbage


def test_nothing_is_collected_meanwhile() -> None:
    with no_garbage():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_the_collector_runs_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="bad"), no_garbage():
        raise ValueError("bad")
    assert gc.isenabled()


def test_a_pause_inside_a_pause_does_not_end_it() -> None:
    with no_garbage():
        with no_garbage():
            pass
        assert not gc.isenabled()


def test_a_process_that_ends_does_not_collect_what_was_made() -> None:
    with no_garbage(process_ends=True):
        made: list[object] = [[] for _ in range(1000)]
    try:
        assert gc.get_freeze_count() > len(made)
        assert not any(found is made for found in gc.get_objects())
    finally:
        gc.unfreeze()
