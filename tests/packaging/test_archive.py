import os
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripts.packages.archive import ar, gzipped, tar, xz
from scripts.packages.tree import PROGRAM, BuildError, File, Tree, read_tree
from tests.packaging.scratch_host import needs

EPOCH = 1_700_000_000
TREE = Tree(
    files={"b/c": File(content=b"c"), "a": File(content=b"aa", mode=PROGRAM), "b/" + "long" * 40: File(content=b"")}
)
NAMES = st.text("abc", min_size=1, max_size=3)


@given(st.dictionaries(NAMES, st.binary(max_size=20), max_size=6))
def test_the_order_of_the_files_makes_no_difference(contents: dict[str, bytes]) -> None:
    files = {name: File(content=content) for name, content in contents.items()}
    turned = dict(reversed(files.items()))
    assert tar(Tree(files=files), EPOCH) == tar(Tree(files=turned), EPOCH)


def test_a_tar_is_roots_and_of_one_time() -> None:
    with tarfile.open(fileobj=BytesIO(tar(TREE, EPOCH, "./"))) as archive:
        members = archive.getmembers()
    assert [m.name for m in members] == ["./b", "./a", "./b/c", "./b/" + "long" * 40]
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in members} == {(0, 0, "root", "root", EPOCH)}
    assert [oct(m.mode) for m in members] == ["0o755", "0o755", "0o644", "0o644"]


def test_compression_is_reproducible() -> None:
    assert gzipped(b"x")[4:8] == b"\0\0\0\0"
    assert gzipped(b"x") == gzipped(b"x")
    assert xz(b"x") == xz(b"x")


def test_binutils_reads_the_ar_archive(tmp_path: Path) -> None:
    needs("ar")
    (tmp_path / "x.a").write_bytes(ar([("odd", b"123"), ("even", b"1234")], EPOCH))
    listed = subprocess.run(
        ["ar", "tv", tmp_path / "x.a"], capture_output=True, text=True, check=True, env={"TZ": "UTC"}
    )
    assert [line.split()[0:3] + line.split()[-1:] for line in listed.stdout.splitlines()] == [
        ["rw-r--r--", "0/0", "3", "odd"],
        ["rw-r--r--", "0/0", "4", "even"],
    ]


def test_conflicting_files_are_refused() -> None:
    with pytest.raises(BuildError, match="want to be a"):
        TREE | Tree(files={"a": File(content=b"other")})
    assert TREE | TREE == TREE


def test_tree_round_trip_does_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        TREE.write(tmp_path / "t", EPOCH)
    finally:
        os.umask(before)
    assert read_tree(tmp_path / "t") == TREE
    assert oct((tmp_path / "t" / "b").stat().st_mode & 0o777) == "0o755"
    assert {(tmp_path / "t" / name).stat().st_mtime for name in ("a", "b", "b/c")} == {EPOCH}
