from pathlib import Path

from openinspector import __version__
from openinspector.agent.collection.description import describe
from openinspector.agent.hosts.local_host import LocalHost


def image(folder: Path, os_release: bytes, hostname: bytes = b"web-1\n") -> LocalHost:
    (folder / "etc").mkdir()
    (folder / "etc" / "os-release").write_bytes(os_release)
    (folder / "etc" / "hostname").write_bytes(hostname)
    return LocalHost(str(folder))


def test_a_host_is_described_from_its_files(tmp_path: Path) -> None:
    host = image(tmp_path, b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
    described = describe(host)
    assert described.distribution == "debian:12"
    assert described.operating_system == "Debian GNU/Linux 12 (bookworm)"
    assert described.hostname == "web-1"
    assert described.agent_version == __version__


def test_describes_host_without_a_name(tmp_path: Path) -> None:
    described = describe(LocalHost(str(tmp_path)))
    assert (described.distribution, described.operating_system) == ("", "")


def test_fields_are_valid_for_the_gateway(tmp_path: Path) -> None:
    described = describe(image(tmp_path, b"ID=x\nPRETTY_NAME='" + b"\x1b[31m" + b"long" * 200 + b"'\n"))
    assert described.operating_system.isprintable()
    assert len(described.operating_system) <= 255


def test_this_machine_is_described() -> None:
    assert describe(LocalHost()).kernel_version
