import pytest

from openinspector.agent.sshd_service import parse_options, service_settings
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
