import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.feed import Source
from openinspector.model.errors import FeedError
from openinspector.service.worker.expansion import Bounds, expand, plain_name

FILES = {"a/one.json": b"1", "two.json": b"22", "empty": b""}


def tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(folder := tarfile.TarInfo("a"))
        assert folder.size == 0
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        for name, content in FILES.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def zipped(names: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in names.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def expanded(folder: Path, name: str, content: bytes, bounds: Bounds | None = None) -> dict[str, bytes]:
    path = folder / "file"
    path.write_bytes(content)
    found = expand(Source(name=name, url="https://feed.example/x"), path, bounds)
    return {document.source.name: document.content for document in found}


@pytest.mark.parametrize(
    ("name", "content", "plain"),
    [
        ("Packages.xz", lzma.compress(b"text"), "Packages"),
        ("Packages.gz", gzip.compress(b"text", mtime=0), "Packages"),
        ("DSA/list.bz2", bz2.compress(b"text"), "DSA/list"),
        ("json", gzip.compress(b"text", mtime=0), "json"),
        ("plain.json", b"text", "plain.json"),
        ("plain.gz", b"text", "plain.gz"),
    ],
)
def test_one_document(tmp_path: Path, name: str, content: bytes, plain: str) -> None:
    assert expanded(tmp_path, name, content) == {plain: b"text"}


@pytest.mark.parametrize("compress", [lambda c: c, gzip.compress, lzma.compress, bz2.compress])
def test_a_tar_is_its_files(tmp_path: Path, compress: object) -> None:
    assert callable(compress)
    found = expanded(tmp_path, "osv.tar.xz", compress(tar()))
    assert {name: content for name, content in found.items() if name != "osv/a"} == {
        f"osv/{name}": content for name, content in FILES.items()
    }
    assert "osv/link" not in found


def test_a_zip_is_its_files(tmp_path: Path) -> None:
    assert expanded(tmp_path, "all.zip", zipped(FILES)) == {f"all/{name}": c for name, c in FILES.items()}


def test_member_without_a_name_is_accepted(tmp_path: Path) -> None:
    content = zipped({"x": b"text"})
    nameless = content.replace(b"x", b"\0")  # both headers
    assert set(expanded(tmp_path, "all.zip", nameless).values()) <= {b"text"}


def test_names_stay_inside_the_folder(tmp_path: Path) -> None:
    assert expanded(tmp_path, "all.zip", zipped({"../../etc/x": b"1", "/y": b"2"})) == {
        "all/etc/x": b"1",
        "all/y": b"2",
    }


@pytest.mark.parametrize(
    ("content", "bounds"),
    [
        (lzma.compress(bytes(2000)), Bounds(document_bytes=1000)),
        (zipped({"a": bytes(2000)}), Bounds(document_bytes=1000)),
        (zipped({str(number): bytes(500) for number in range(5)}), Bounds(total_bytes=1000)),
        (zipped({str(number): b"" for number in range(5)}), Bounds(members=4)),
        (lzma.compress(tar()), Bounds(members=2)),
        (bytes(2000), Bounds(total_bytes=1000)),
    ],
)
def test_decompression_bomb_is_refused(tmp_path: Path, content: bytes, bounds: Bounds) -> None:
    with pytest.raises(FeedError, match="more than"):
        expanded(tmp_path, "x", content, bounds)


@pytest.mark.parametrize(
    "content",
    [lzma.compress(tar())[:-20], zipped(FILES)[:40], b"PK\x03\x04", b"\x1f\x8b\x08"],
    ids=["tar.xz", "zip", "zip head", "gzip head"],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FeedError, match="cannot be unpacked"):
        expanded(tmp_path, "x", content)


@given(
    st.sampled_from([zipped(FILES), gzip.compress(tar(), mtime=0), tar()]), st.integers(0, 3000), st.integers(0, 255)
)
def test_any_damage_is_a_feed_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, place: int, value: int
) -> None:
    damaged = bytearray(content)
    damaged[place % len(damaged)] = value
    try:
        expanded(tmp_path_factory.getbasetemp(), "x", bytes(damaged))
    except FeedError:
        return


def test_plain_name() -> None:
    assert plain_name("a.b/list.tar.xz") == "a.b/list"
    assert plain_name("list") == "list"
