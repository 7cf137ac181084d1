import sys

import pytest

from openinspector.agent.host import RegistryValue
from openinspector.agent.hosts.windows_host import WindowsHost, registry_value
from openinspector.agent.windows.version import CURRENT_VERSION

on_windows = pytest.mark.skipif(sys.platform != "win32", reason="has not run: needs a real Windows")


@pytest.mark.parametrize(
    ("reported", "data"),
    [("a", "a"), (["a", "b"], ("a", "b")), (7, 7), (b"\1", b"\1"), (None, b""), ("\ud800", "�"), (["\udc00"], ("�",))],
)
def test_values_of_winreg(reported: object, data: object) -> None:
    assert registry_value("n\ud800", reported, 1) == RegistryValue(name="n�", type=1, data=data)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/etc/passwd", "etc", "C:", "", "C:/a\0b"])
def test_unix_paths_are_not_found(path: str) -> None:
    host = WindowsHost()
    for ask in (host.read, host.status, host.names, host.readlink):
        with pytest.raises(FileNotFoundError):
            ask(path)
    assert host.real_file(path) is None
    assert list(host.processes()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has a registry")
def test_no_registry_outside_windows() -> None:
    host = WindowsHost()
    with pytest.raises(FileNotFoundError):
        host.registry_key(CURRENT_VERSION)
    assert host.uname() == ("", "", "", "")
    assert host.addresses() == ()
    assert host.is_root() is False
    with pytest.raises(ConnectionRefusedError):
        host.metadata_service("GET", "/", {})


@on_windows
def test_version_of_this_windows() -> None:
    host = WindowsHost()
    assert host.registry_key(CURRENT_VERSION).text("CurrentBuildNumber").isdecimal()
    assert host.uname()[2]
