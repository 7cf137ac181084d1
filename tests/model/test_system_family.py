import pytest

from openinspector.model.system_family import SystemFamily, system_family


@pytest.mark.parametrize("system_id", ["debian", "arch", "some-new-distribution", ""])
def test_every_system_other_than_windows_is_linux(system_id: str) -> None:
    assert system_family(system_id) is SystemFamily.LINUX


def test_windows_is_a_family_of_its_own() -> None:
    assert system_family("windows") is SystemFamily.WINDOWS
