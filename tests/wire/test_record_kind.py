import dataclasses

import pytest

from openinspector.model.inventory import Package
from openinspector.model.record import Record
from openinspector.model.windows import WindowsHotfix
from openinspector.plugins import subclasses
from openinspector.wire.record_kind import RECORD_KINDS


def test_kinds_are_found_in_every_module_of_the_model() -> None:
    assert RECORD_KINDS["Package"] is Package
    assert RECORD_KINDS["WindowsHotfix"] is WindowsHotfix
    assert "Record" not in RECORD_KINDS
    assert subclasses("openinspector.model", Record) == RECORD_KINDS


@pytest.mark.parametrize("kind", RECORD_KINDS.values(), ids=RECORD_KINDS)
def test_a_kind_is_a_slotted_dataclass_with_a_message_type(kind: type[Record]) -> None:
    assert "Inspector" in kind.MESSAGE_TYPE
    assert "__slots__" in vars(kind)
    assert dataclasses.is_dataclass(kind)
