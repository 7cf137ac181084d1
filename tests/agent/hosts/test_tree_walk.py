import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.host import Folder, Host
from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.hosts.tree_walk import Visit, WalkLimits, walk
from openinspector.agent.sensor import Incomplete
from openinspector.testing.conformance.sensor import Files
from openinspector.testing.fake_host import FakeHost, Node

names = st.sampled_from(["a", "b", "c", "d\udcff"])
folders = st.lists(names, min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts))
trees = st.lists(folders, max_size=12).map(lambda paths: {f"/r{path}/file": "x" for path in paths})


def everything(visit: Visit) -> Iterable[str]:
    return visit.folders


def paths(host: Host, *roots: str, limits: WalkLimits = WalkLimits()) -> list[str]:  # noqa: B008 - frozen
    return [v.path for v in walk(host, roots or ("/r",), everything, limits=limits) if isinstance(v, Visit)]


def sentences(host: Host, *roots: str, limits: WalkLimits = WalkLimits()) -> list[str]:  # noqa: B008 - frozen
    found = walk(host, roots or ("/r",), everything, limits=limits)
    return [item.reason for item in found if isinstance(item, Incomplete)]


def expected(files: Files) -> set[str]:
    return {"/".join(parts) for path in files for parts in itertools.accumulate(_parts(path), lambda a, b: (*a, *b))}


def _parts(path: str) -> Iterator[tuple[str, ...]]:
    first, second, *others, _ = path.split("/")
    yield (first, second)
    yield from ((name,) for name in others)


@given(trees)
def test_every_folder_is_visited_once_parents_first(files: Files) -> None:
    found = paths(FakeHost(files))
    assert len(set(found)) == len(found)
    assert set(found) == (expected(files) if files else set())
    assert all(path == "/r" or path.rpartition("/")[0] in found[:index] for index, path in enumerate(found))
    assert paths(FakeHost(files)) == found


@given(trees, st.integers(0, 6), st.integers(0, 4))
def test_limits_are_enforced_and_reported(files: Files, most: int, depth: int) -> None:
    limits = WalkLimits(folders=most, depth=depth)
    found, whole = paths(FakeHost(files), limits=limits), paths(FakeHost(files))
    assert len(found) <= most
    assert all(path.count("/") <= depth + 1 for path in found)
    assert set(found) <= set(whole)
    assert bool(sentences(FakeHost(files), limits=limits)) == (len(found) < len(whole) or most == 0) or not files


@given(trees, st.integers(0, 5))
def test_time_ends_a_walk_and_is_reported(files: Files, seconds: int) -> None:
    ticks = itertools.count()
    found = list(
        walk(FakeHost(files), ["/r"], everything, limits=WalkLimits(seconds=seconds), clock=lambda: next(ticks))
    )
    assert sum(isinstance(item, Visit) for item in found) <= seconds


@given(trees, st.sets(names))
def test_enters_only_existing_chosen_folders(files: Files, chosen: set[str]) -> None:
    found = [v for v in walk(FakeHost(files), ["/r"], lambda _: {*chosen, "..", "not/there"}) if isinstance(v, Visit)]
    assert all(set(visit.path.split("/")[2:]) <= chosen for visit in found)


def test_links_within_a_root_are_not_followed_and_nothing_is_searched_twice(tmp_path: Path) -> None:
    (tmp_path / "r/sub").mkdir(parents=True)
    (tmp_path / "out/secret").mkdir(parents=True)
    (tmp_path / "r/up").symlink_to("..")
    (tmp_path / "r/out").symlink_to(tmp_path / "out")
    (tmp_path / "r/sub/loop").symlink_to(".")
    (tmp_path / "root-link").symlink_to("r")
    os.mkfifo(tmp_path / "r/fifo")
    for host, prefix in ((LocalHost(str(tmp_path)), ""), (LocalHost(), str(tmp_path))):
        assert paths(host, f"{prefix}/r", f"{prefix}/root-link") == [f"{prefix}/r", f"{prefix}/r/sub"]
        assert sentences(host, f"{prefix}/r", f"{prefix}/root-link") == []


def test_other_file_systems_are_skipped_and_reported() -> None:
    files: Files = {
        "/r/own/file": "x",
        "/r/other": Node(is_directory=True, mode=0o755, device=2),
        "/r/other/sub/file": "x",
    }
    assert paths(FakeHost(files)) == ["/r", "/r/own"]
    assert sentences(FakeHost(files)) == ["/r/other is another file system (another device) and was not searched."]


MOUNTS = """22 1 254:1 / / rw,relatime - ext4 /dev/vda rw
30 22 0:52 / /srv rw shared:1 - nfs4 nas:/x rw
31 22 254:2 / /opt rw - xfs /dev/vdb rw
32 31 0:53 / /opt/my\\040share rw master:1 propagate_from:2 - cifs //nas/x rw
broken
"""


def test_network_mounts_are_never_opened() -> None:
    class Away(FakeHost):
        def folder(self, path: str) -> Folder:
            assert not path.startswith(("/srv", "/opt/my share")), "it would wait for ever"
            return super().folder(path)

    files: Files = {
        "/proc/self/mountinfo": MOUNTS,
        "/srv/a/f": "",
        "/opt/my share/f": "",
        "/opt/own/f": "",
        "/app/f": "",
    }
    roots = ("/srv", "/srv/a", "/opt", "/app")
    assert paths(Away(files), *roots) == ["/opt", "/opt/own", "/app"]
    assert sentences(Away(files), *roots) == [
        "/srv is another file system (nfs4) and was not searched.",
        "/srv/a is another file system (nfs4) and was not searched.",
        "/opt/my share is another file system (cifs) and was not searched.",
    ]


@given(st.binary(max_size=200))
def test_any_mount_table_does_not_crash(table: bytes) -> None:
    assert paths(FakeHost({"/proc/self/mountinfo": table, "/r/f": "x"})) == ["/r"]


def test_unreadable_folder_is_reported_and_the_others_are_visited() -> None:
    files: Files = {"/r/a": Node(is_directory=True, unreadable=True), "/r/b/file": "x"}
    assert paths(FakeHost(files)) == ["/r", "/r/b"]
    assert sentences(FakeHost(files)) == ["/r/a could not be read: Permission denied."]


def test_missing_roots_are_skipped() -> None:
    assert list(walk(FakeHost({}), ["/r", "/s"], everything)) == []


def test_linked_root_is_searched_under_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "disk/programs/venv").mkdir(parents=True)
    (tmp_path / "data").symlink_to("disk")
    (tmp_path / "opt").symlink_to("/data/programs")
    inside = LocalHost(str(tmp_path))
    assert paths(inside, "/opt") == ["/opt", "/opt/venv"]
    assert paths(inside, "/opt", "/disk") == ["/opt", "/opt/venv", "/disk"]
    assert paths(inside, "/disk", "/opt") == ["/disk", "/disk/programs", "/disk/programs/venv"]
    (tmp_path / "srv").symlink_to(tmp_path / "disk")
    assert paths(LocalHost(), f"{tmp_path}/srv")[0] == f"{tmp_path}/srv"
    assert len(paths(LocalHost(), f"{tmp_path}/srv")) == 3
    assert paths(inside, "/srv") == [], "a link must not lead out of a root folder"


def test_link_to_root_or_to_a_missing_folder_is_reported() -> None:
    files: Files = {"/a": Node(link="/"), "/b": Node(link="c"), "/c": Node(link="/b"), "/d": Node(link="/gone")}
    assert paths(FakeHost(files), *"/a /b /d".split()) == []
    assert sentences(FakeHost(files), *"/a /b /d".split()) == [
        f"/{name} is a link to / or to itself and was not searched." for name in "ab"
    ]


def test_link_to_a_network_mount_is_not_opened() -> None:
    files: Files = {"/proc/self/mountinfo": MOUNTS, "/app": Node(link="/srv/app"), "/srv/app/f": ""}
    assert sentences(FakeHost(files), "/app") == ["/app is another file system (nfs4) and was not searched."]
