from collections.abc import Callable
from pathlib import Path

import pytest

from openinspector.agent.host import Host
from openinspector.agent.hosts.local_host import LocalHost
from openinspector.testing.conformance.sensor import Files
from openinspector.testing.fake_host import FakeHost, FakeSystem, Node
from openinspector.testing.fake_imds import FakeImds, Speaks

FILES = {
    "/etc/passwd": Node(content=b"root", mode=0o640),
    "/usr/bin/tool": Node(content=b"x", mode=0o755),
    "/bin": Node(link="usr/bin"),
    "/etc/absolute": Node(link="/etc/passwd"),
    "/etc/up": Node(link="../usr/bin/tool"),
    "/etc/out": Node(link="../../../../etc/passwd"),
    "/etc/dangling": Node(link="missing"),
    "/etc/loop": Node(link="loop"),
    "/empty": Node(is_directory=True, mode=0o1777),
}
PATHS = [*FILES, "/", "/bin/tool", "/bin/../bin/tool", "/etc/missing", "/etc/passwd/x", "/missing/x", "//etc//passwd"]


@pytest.fixture
def local(tmp_path: Path) -> LocalHost:
    tmp_path.chmod(0o755)
    for path, node in FILES.items():
        real = Path(f"{tmp_path}{path}")
        real.parent.mkdir(parents=True, exist_ok=True)
        if node.link is not None:
            real.symlink_to(node.link)
        elif node.is_directory:
            real.mkdir()
            real.chmod(node.mode)
        else:
            real.write_bytes(node.content)
            real.chmod(node.mode)
    return LocalHost(str(tmp_path))


ASKS: dict[str, Callable[[Host, str], object]] = {
    "read": lambda host, path: host.read(path),
    "read bounded": lambda host, path: host.read(path, 2),
    "readlink": lambda host, path: host.readlink(path),
    "names": lambda host, path: host.names(path),
    "folder": lambda host, path: (host.folder(path).folders, host.folder(path).files),
    "mode": lambda host, path: host.status(path).mode,
    "kind": lambda host, path: (host.status(path).is_file, host.status(path).is_directory),
}


def answer(host: Host, ask: Callable[[Host, str], object], path: str) -> object:
    try:
        return ask(host, path)
    except OSError as error:
        return error.errno


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("ask", ASKS)
def test_agrees_with_a_real_folder(local: LocalHost, ask: str, path: str) -> None:
    assert answer(FakeHost(dict(FILES)), ASKS[ask], path) == answer(local, ASKS[ask], path)


def test_without_root_modes_count() -> None:
    files: Files = {
        "/open": "x",
        "/closed": Node(content=b"x", mode=0o640),
        "/folder": Node(is_directory=True, mode=0o700),
    }
    host = FakeHost(files, FakeSystem(is_root=False))
    assert host.read("/open") == b"x"
    for ask, path in ((host.read, "/closed"), (host.names, "/folder")):
        with pytest.raises(PermissionError):
            ask(path)
    assert FakeHost(files).read("/closed") == b"x"
    assert not host.is_root()


def test_processes_are_the_numbers_of_proc() -> None:
    host = FakeHost({"/proc/20/comm": "b", "/proc/3/comm": "a", "/proc/sys/x": "1"})
    assert list(host.processes()) == [3, 20]


def test_records_reads() -> None:
    host = FakeHost({"/a": "x"})
    host.read("/a")
    assert host.reads == ["/a"]


def test_the_metadata_service_is_asked_over_http() -> None:
    with FakeImds(speaks=Speaks.V1_ONLY) as service:
        host = FakeHost({}, FakeSystem(metadata_address=service.address))
        assert host.metadata_service("GET", "/latest/meta-data/ami-id", {}).status == 200
