"""Slots are bounded in all and for one holder, and are given back whatever happens."""

import pytest

from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.gateway.slots import Slots


def code_of_another(slots: Slots, holder: str) -> RefusalCode:
    with pytest.raises(RefusedError) as refused, slots.hold(holder):
        pytest.fail("there was a slot")
    assert refused.value.retry_after == 2
    return refused.value.code


def test_total_count_is_bounded() -> None:
    slots = Slots(2)
    with slots.hold("a"), slots.hold("b"):
        assert code_of_another(slots, "c") is RefusalCode.BUSY
    with slots.hold("c"), slots.hold("a"):
        pass


def test_total_weight_is_bounded() -> None:
    slots = Slots(10)
    with slots.hold("a", 4), slots.hold("b", 4), slots.hold("c", 4):
        assert code_of_another(slots, "d") is RefusalCode.BUSY
    with slots.hold("d", 100):
        assert code_of_another(slots, "a") is RefusalCode.BUSY
    with slots.hold("a"):
        pass


def test_count_per_holder_is_bounded() -> None:
    slots = Slots(9, per_holder=2)
    with slots.hold("a"), slots.hold("a"), slots.hold("b"):
        assert code_of_another(slots, "a") is RefusalCode.THROTTLED


def test_a_slot_is_given_back_after_a_failure() -> None:
    slots = Slots(1)
    with pytest.raises(ZeroDivisionError), slots.hold("a"):
        raise ZeroDivisionError
    with slots.hold("a"):
        pass
    assert not slots._held
