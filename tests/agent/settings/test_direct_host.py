import pytest

from openinspector.agent.settings.direct_host import is_direct


@pytest.mark.parametrize(
    ("host", "entry", "direct"),
    [
        ("a.example", "a.example", True),
        ("A.Example.", "a.example", True),
        ("b.a.example", "a.example", True),
        ("b.a.example", ".a.example", True),
        ("b.a.example", "*.a.example", True),
        ("ba.example", "a.example", False),
        ("a.example", "b.a.example", False),
        ("a.example", "*", True),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("a.example", "0.0.0.0/0", False),
        ("fd00::1", "fd00::/8", True),
        ("fd00::1", "[fd00::1]", True),
        ("10.1.2.3", "fd00::/8", False),
        ("10.1.2.3", "10.0.0.0/99", False),
        ("a.example", ".", False),
        ("169.254.169.254", "a.example", True),
        ("fd00:ec2::254", "a.example", True),
    ],
)
def test_no_proxy_entries(host: str, entry: str, *, direct: bool) -> None:
    assert is_direct(host, (entry,)) is direct


def test_only_the_metadata_service_is_direct_by_default() -> None:
    assert is_direct("169.254.169.254", ())
    assert not is_direct("169.254.169.253", ())
