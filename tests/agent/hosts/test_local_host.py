import errno
import os
import shutil
import socket
import subprocess
import sys
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest

from openinspector.agent.hosts.local_host import LocalHost, is_ec2
from openinspector.testing.fake_host import FakeHost
from openinspector.testing.fake_imds import FakeImds


@pytest.fixture
def root(tmp_path: Path) -> Path:
    image = tmp_path / "image"
    (image / "etc").mkdir(parents=True)
    (image / "etc/hostname").write_text("inside\n")
    (tmp_path / "secret").write_text("outside")
    return image


def test_reads_a_complete_file(tmp_path: Path) -> None:
    content = os.urandom(3 * 1024 * 1024 + 1)
    (tmp_path / "file").write_bytes(content)
    assert LocalHost().read(f"{tmp_path}/file") == content


def test_size_limit_of_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert LocalHost().read(f"{tmp_path}/file", 5) == b"12345"
    with pytest.raises(OSError, match="larger than 4 bytes") as caught:
        LocalHost().read(f"{tmp_path}/file", 4)
    assert caught.value.errno == errno.EFBIG


def test_files_of_proc_are_read_despite_their_zero_size() -> None:
    host = LocalHost()
    assert host.status("/proc/self/status").size == 0
    assert host.read("/proc/self/status").startswith(b"Name:")
    with pytest.raises(OSError, match="larger"):
        host.read("/proc/self/status", 10)


def test_special_files_are_refused_without_blocking(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/socket")
        for path in (f"{tmp_path}/fifo", f"{tmp_path}/socket", "/dev/null", "/dev/zero", str(tmp_path)):
            with pytest.raises(OSError, match="not a regular file"):
                LocalHost().read(path)


@pytest.mark.parametrize("path", ["etc/passwd", "", "/etc/pass\0wd"])
def test_invalid_path_raises_os_error(path: str) -> None:
    for ask in (LocalHost().read, LocalHost().status, LocalHost().names):
        with pytest.raises(OSError, match="not an absolute path"):
            ask(path)


def test_status_names_and_links(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"123")
    (tmp_path / "b").chmod(0o4755)
    (tmp_path / "a").symlink_to("b")
    host = LocalHost()
    assert host.names(str(tmp_path)) == ("a", "b")
    assert host.readlink(f"{tmp_path}/a") == "b"
    status = host.status(f"{tmp_path}/a")
    assert (status.mode, status.size, status.is_file, status.is_directory) == (0o4755, 3, True, False)
    assert (status.uid, status.gid) == (os.getuid(), os.getgid())
    assert host.status(str(tmp_path)).is_directory
    assert not host.status("/dev/null").is_file


def test_names_outside_utf8_round_trip(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))).write_bytes(b"x")
    (name,) = LocalHost().names(str(tmp_path))
    assert LocalHost().read(f"{tmp_path}/{name}") == b"x"


def test_this_machine() -> None:
    host = LocalHost()
    assert host.uname()[1] == os.uname().release
    assert os.getpid() in host.processes()
    assert host.is_root() == (os.geteuid() == 0)
    assert "127.0.0.1" in {found.address for found in host.addresses()}
    assert host.real_file("/proc/self/status") == "/proc/self/status"
    assert host.real_file("/dev/null") is None
    assert host.real_file("/no/such") is None


@pytest.mark.parametrize("target", ["/secret", "../../secret", "../../../../../../../secret", "/../secret"])
def test_links_in_a_root_folder_do_not_lead_out_of_it(root: Path, target: str) -> None:
    (root / "etc/link").symlink_to(target)
    host = LocalHost(str(root))
    with pytest.raises(FileNotFoundError):
        host.read("/etc/link")
    with pytest.raises(FileNotFoundError):
        host.status("/etc/link")
    assert host.real_file("/etc/link") is None
    assert host.readlink("/etc/link") == target
    (root / "secret").write_text("inside")
    assert host.read("/etc/link") == b"inside"


def test_dots_in_a_path_do_not_lead_out_of_a_root_folder(root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        LocalHost(str(root)).read("/../secret")


def test_folders_that_are_links_are_followed_in_a_root_folder(root: Path) -> None:
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/tool").write_text("x")
    (root / "bin").symlink_to("/usr/bin")
    host = LocalHost(str(root))
    assert host.read("/bin/tool") == b"x"
    assert host.names("/bin") == ("tool",)
    assert host.folder("/bin/.").files == ("tool",)
    assert host.readlink("/bin") == "/usr/bin"
    assert host.real_file("/bin/tool") is None, "by the time it is opened, it may be another"


def test_a_loop_of_links_is_an_os_error(root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links") as caught:
        LocalHost(str(root)).read("/a")
    assert caught.value.errno == errno.ELOOP


def test_root_folder_reveals_nothing_about_this_machine(root: Path) -> None:
    host = LocalHost(str(root))
    assert host.uname() == ("inside", "", "", "")
    assert list(host.processes()) == []
    assert host.addresses() == ()
    with pytest.raises(ConnectionRefusedError):
        host.metadata_service("GET", "/latest/meta-data/instance-id", {})


def test_metadata_service_is_asked_at_its_configured_address() -> None:
    with FakeImds() as service:
        reply = LocalHost(metadata_address=service.address).metadata_service("GET", "/latest/meta-data/ami-id", {})
    assert (reply.status, reply.body) == (401, b"")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("sys_vendor", "Amazon EC2\n", True),
        ("bios_version", "4.11.amazon\n", True),
        ("sys_vendor", "QEMU\n", False),
        ("sys_vendor", b"\xff", False),
    ],
)
def test_firmware_identifies_an_ec2_instance(name: str, content: str | bytes, *, expected: bool) -> None:
    assert is_ec2(FakeHost({f"/sys/class/dmi/id/{name}": content})) is expected
    assert not is_ec2(FakeHost({}))


def test_folder_lists_folders_and_files_only(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("sub")
    (tmp_path / "file-link").symlink_to("file")
    os.mkfifo(tmp_path / "fifo")
    folder = LocalHost().folder(str(tmp_path))
    assert (folder.folders, folder.files) == (("sub",), ("file",))
    assert folder.device == tmp_path.stat().st_dev
    with pytest.raises(NotADirectoryError):
        LocalHost().folder(f"{tmp_path}/link")


def test_a_folder_with_too_many_names_is_refused(tmp_path: Path) -> None:
    host = LocalHost(max_names=2)
    for name in "ab":
        (tmp_path / name).touch()
    assert host.folder(str(tmp_path)).files == ("a", "b")
    (tmp_path / "c").touch()
    with pytest.raises(OSError, match="more than 2 names"):
        host.folder(str(tmp_path))


@pytest.mark.parametrize("target", ["..", "../..", "/..", "/../..", "/", "../secret-folder", "/tmp"])
def test_no_call_escapes_a_root_folder(root: Path, target: str) -> None:
    (root.parent / "secret-folder").mkdir()
    (root.parent / "secret-folder/inside").touch()
    (root / "way").symlink_to(target)
    (root / "here").touch()
    host = LocalHost(str(root))
    outside = {"secret", "secret-folder", "inside"}
    for path in ("/way", "/way/", "/way/.", "/../way", "/etc/../way", "/way/..", "/..", "/."):
        for ask in (host.names, lambda path: host.folder(path).folders + host.folder(path).files):
            try:
                assert outside.isdisjoint(ask(path)), path
            except OSError:
                continue
    for path in ("/way/secret", "/way/secret-folder/inside", "/../secret"):
        assert host.real_file(path) is None
        with pytest.raises(OSError, match=r".*"):
            host.read(path)


def test_root_folder_has_no_kernel_even_with_mounted_proc(root: Path) -> None:
    for folder in ("proc/sys/kernel", "sys/class", "dev"):
        (root / folder).mkdir(parents=True)
    (root / "proc/sys/kernel/randomize_va_space").write_text("2")
    (root / "proc-link").symlink_to("proc/sys")
    host = LocalHost(str(root))
    for path in ("/proc/sys/kernel/randomize_va_space", "/proc-link/kernel/randomize_va_space", "/etc/../proc/x"):
        with pytest.raises(FileNotFoundError):
            host.read(path)
    for path in ("/proc", "/sys/class", "/dev", "/proc-link"):
        with pytest.raises(FileNotFoundError):
            host.names(path)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root and unshare")
def test_root_of_a_container_is_not_this_machine(root: Path) -> None:
    """/proc/PID/root of a process in a root of its own reads "/", as a container's does."""
    for folder in ("old", "bin", "lib", "usr", "lib64"):
        (root / folder).mkdir()
    script = f"""mount --bind {root} {root} && cd {root} && pivot_root . old && echo ready && read end"""
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        if process.stdout.readline() != "ready\n":
            pytest.skip("no mount namespaces here")
        place = f"/proc/{process.pid}/root"
        assert Path(place).readlink() == Path("/")
        container = LocalHost(place)
        assert container.read("/etc/hostname") == b"inside\n"
        assert container.uname()[0] == "inside"
        assert container.names("/etc") == ("hostname",)
        with pytest.raises(FileNotFoundError):
            container.read("/etc/passwd")
        process.stdin.close()


def test_folder_above_the_name_limit_is_refused(tmp_path: Path) -> None:
    host = LocalHost(max_names=3)
    for number in range(3):
        (tmp_path / str(number)).touch()
    assert len(host.names(str(tmp_path))) == 3
    (tmp_path / "one more").touch()
    with pytest.raises(OSError, match="more than 3 names") as caught:
        host.names(str(tmp_path))
    assert caught.value.errno == errno.EFBIG


def test_a_root_folder_has_no_packet_filter(root: Path) -> None:
    assert LocalHost(str(root)).packet_filter() == ()


def test_file_identity_does_not_depend_on_the_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "other").touch()
    same, link, other = (LocalHost().status(f"{tmp_path}/{name}") for name in ("file", "link", "other"))
    assert same.identity == link.identity
    assert same.identity != other.identity


def test_a_large_file_is_in_memory_once(tmp_path: Path) -> None:
    size = 32 * 1024 * 1024
    with (tmp_path / "file").open("wb") as file:
        file.truncate(size)
    tracemalloc.start()
    try:
        assert len(LocalHost().read(f"{tmp_path}/file")) == size
        assert tracemalloc.get_traced_memory()[1] < size * 1.5
    finally:
        tracemalloc.stop()


RACE = """
import os, sys
from openinspector.agent.hosts.local_host import LocalHost

root, place = sys.argv[1:]
real, link = f"{root}/{place}", f"{root}/link"
swaps = 0

def swap(event, arguments):
    "Between any look and any open, what was looked at becomes a link out of the root folder, and back."
    global swaps
    if event == "open" and armed and swaps < 50:
        swaps += 1
        os.rename(real, f"{root}/aside")
        os.rename(link, real)
        os.rename(f"{root}/aside", link)

armed = False
sys.addaudithook(swap)
host = LocalHost(root)
for start in range(8):
    for ask in (host.read, host.status, host.readlink, lambda path: host.folder("/etc").files + host.names("/etc")):
        swaps, armed = 0, start < 7
        try:
            found = ask("/etc/os-release")
        except OSError:
            found = ""
        armed = False
        print(getattr(found, "size", found))
        if os.path.islink(real) != (start % 2 == 1):
            swaps, armed = 0, True
            swap("open", ())
            armed = False
"""


@pytest.mark.parametrize("place", ["etc", "etc/os-release"])
def test_files_that_become_links_during_the_collection_do_not_lead_out_of_a_root_folder(root: Path, place: str) -> None:
    (root / "etc/os-release").write_text("inside")
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "os-release").write_text("the secret of this machine")
    (outside / "secret").touch()
    (root / "link").symlink_to(outside if place == "etc" else outside / "os-release")
    reported = subprocess.run(
        [sys.executable, "-c", RACE, str(root), place], capture_output=True, text=True, check=True
    ).stdout
    assert "inside" in reported
    assert "the secret" not in reported
    assert "'secret'" not in reported
    assert "26" not in reported.split()


def test_a_device_in_a_root_folder_is_not_opened(root: Path) -> None:
    os.mkfifo(root / "fifo")
    with pytest.raises(OSError, match="not a regular file"):
        LocalHost(str(root)).read("/fifo")


def test_no_descriptor_is_left_open(root: Path) -> None:
    (root / "loop").symlink_to("loop")
    host = LocalHost(str(root))
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the folder opens itself
    for path in ("/etc/hostname", "/etc/../etc", "/loop", "/no/such", "/etc/hostname/below", "/proc/x", "/"):
        for ask in (host.read, host.status, host.names, host.folder, host.readlink):
            with suppress(OSError):
                ask(path)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
