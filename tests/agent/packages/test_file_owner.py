import pytest
from tests.agent.packages.rpm_database.rpm_files import bdb, header

from openinspector.agent.packages.file_owner import both_names, owners
from openinspector.testing.conformance.sensor import Files
from openinspector.testing.fake_host import FakeHost, Node

DPKG: Files = {
    "/var/lib/dpkg/info/coreutils.list": "/.\n/bin\n/bin/ls\n/usr/bin/env\n",
    "/var/lib/dpkg/info/libc6:amd64.list": "/.\n/lib/x86_64-linux-gnu/libc.so.6\n",
    "/var/lib/dpkg/info/coreutils.md5sums": "0  /usr/bin/other\n",
}
RPM: Files = {
    "/var/lib/rpm/Packages": bdb(
        [
            b"damaged",
            header({1000: "filler", 1117: ["ls"], 1116: [0], 1118: ["/opt/"]}),
            header({1000: "coreutils", 1117: ["env", "ls"], 1116: [0, 0], 1118: ["/usr/bin/"]}),
        ]
    )
}
APK: Files = {
    "/lib/apk/db/installed": "P:musl\nF:lib\nR:libc.so\n\nP:coreutils\nF:usr\nF:usr/bin\nR:env\nF:bin\nR:ls\n"
}


@pytest.mark.parametrize("files", [DPKG, RPM, APK], ids=["dpkg", "rpm", "apk"])
def test_each_database_resolves_both_names(files: Files) -> None:
    paths = ["/usr/bin/ls", "/usr/bin/env", "/opt/mine", "/usr/bin/other", "/usr/bin/l"]
    assert owners(FakeHost(files), paths) == {"/usr/bin/ls": "coreutils", "/usr/bin/env": "coreutils"}


@pytest.mark.parametrize("files", [DPKG, RPM, APK], ids=["dpkg", "rpm", "apk"])
def test_owners_agree_for_many_files(files: Files) -> None:
    paths = [*(f"/opt/{number}" for number in range(100)), "/usr/bin/ls", "/usr/bin/env"]
    assert owners(FakeHost(files), paths) == {"/usr/bin/ls": "coreutils", "/usr/bin/env": "coreutils"}


def test_an_architecture_is_not_part_of_the_name() -> None:
    assert owners(FakeHost(DPKG), ["/usr/lib/x86_64-linux-gnu/libc.so.6"]) == {
        "/usr/lib/x86_64-linux-gnu/libc.so.6": "libc6"
    }


def test_no_paths_need_no_reads() -> None:
    host = FakeHost(DPKG)
    assert owners(host, []) == {}
    assert host.reads == []


def test_a_host_without_databases_owns_nothing() -> None:
    assert owners(FakeHost({}), ["/bin/ls"]) == {}


def test_a_list_that_cannot_be_read_hides_only_itself() -> None:
    files = {**DPKG, "/var/lib/dpkg/info/a.list": Node(unreadable=True)}
    assert owners(FakeHost(files), ["/bin/ls"]) == {"/bin/ls": "coreutils"}


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/usr/bin/x", {"/usr/bin/x", "/bin/x"}),
        ("/bin/x", {"/usr/bin/x", "/bin/x"}),
        ("/lib/modules/6.1/vmlinuz", {"/lib/modules/6.1/vmlinuz", "/usr/lib/modules/6.1/vmlinuz"}),
        ("/usr/share/x", {"/usr/share/x"}),
        ("/opt/bin/x", {"/opt/bin/x"}),
    ],
)
def test_both_names(path: str, names: set[str]) -> None:
    assert set(both_names(path)) == names
