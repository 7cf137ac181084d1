import pytest

from openinspector.agent.linux.sshd_service import parse_options, service_file, service_settings
from openinspector.testing.fake_host import FakeHost


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("", []),
        ('"-o PermitRootLogin=no"', [("permitrootlogin", ("no",))]),
        ("-oPermitRootLogin=no -4 -p 22", [("permitrootlogin", ("no",)), ("port", ("22",))]),
        ("'-o \"PermitRootLogin no\"'", [("permitrootlogin", ("no",))]),
        ("-o", []),
        ("'unclosed", []),
        ("-D -e", []),
    ],
)
def test_options(value: str, found: list[tuple[str, tuple[str, ...]]]) -> None:
    assert [(setting.keyword, setting.arguments) for setting in parse_options(value, "f:1")] == found


def test_each_distributions_file() -> None:
    host = FakeHost({"/etc/sysconfig/sshd": "# OPTIONS=-p 1\nOPTIONS=-p 2\n", "/etc/conf.d/sshd": "OTHER=-p 3\n"})
    assert [(setting.arguments, setting.source) for setting in service_settings(host)] == [
        (("2",), "/etc/sysconfig/sshd:2")
    ]


@pytest.mark.parametrize(
    ("value", "file"),
    [
        ("-f /etc/ssh/other", "/etc/ssh/other"),
        ("'-D -f/etc/ssh/other'", "/etc/ssh/other"),
        ("-Df /etc/ssh/other", "/etc/ssh/other"),
        ("-f /one -f /two", "/two"),
        ("-o -f", None),
        ("-E -f", None),
        ("-D", None),
    ],
)
def test_the_configuration_file_a_service_names(value: str, file: str | None) -> None:
    assert service_file(FakeHost({"/etc/default/ssh": f'SSHD_OPTS="{value}"\n'})) == file
