import pytest

from openinspector.model.system_family import SystemFamily, system_family


@pytest.mark.parametrize(
    ("system_id", "family"),
    [
        ("debian", SystemFamily.LINUX),
        ("arch", SystemFamily.LINUX),
        ("some-new-distribution", SystemFamily.LINUX),
        ("", SystemFamily.LINUX),
        ("windows", SystemFamily.WINDOWS),
        ("freebsd", SystemFamily.OTHER),
        ("solaris", SystemFamily.OTHER),
    ],
)
def test_the_family_of_a_system(system_id: str, family: SystemFamily) -> None:
    assert system_family(system_id) is family
