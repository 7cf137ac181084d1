import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.service.worker import deb_archive
from openinspector.service.worker.deb_archive import Changelog, DebError, LinkedTo, read_changelog
from openinspector.testing.package_archive import BuiltPackage, build_deb

TEXT = "widget (1.0-1) bookworm-security; urgency=high\n"


def write(folder: Path, package: BuiltPackage) -> Path:
    path = folder / package.file_name
    path.write_bytes(build_deb(package))
    return path


@pytest.mark.parametrize("compression", ["xz", "gz", "zst", ""])
def test_reads_the_changelog_in_every_compression(tmp_path: Path, compression: str) -> None:
    deb = write(tmp_path, BuiltPackage(name="widget", version="1.0-1", changelog=TEXT, compression=compression))
    assert read_changelog(deb, "widget") == Changelog(content=TEXT.encode())


def test_a_native_package_has_but_one_changelog(tmp_path: Path) -> None:
    deb = write(tmp_path, BuiltPackage(name="widget", version="1.0", changelog=TEXT, native=True))
    assert read_changelog(deb, "widget") == Changelog(content=TEXT.encode())


def test_debian_changelog_takes_precedence(tmp_path: Path) -> None:
    extra = {"./usr/share/doc/widget/changelog.gz": gzip.compress(b"the authors'")}
    deb = write(tmp_path, BuiltPackage(name="widget", version="1.0-1", changelog=TEXT, extra=extra))
    assert read_changelog(deb, "widget") == Changelog(content=TEXT.encode())


def test_a_link_leads_to_another_package(tmp_path: Path) -> None:
    deb = write(tmp_path, BuiltPackage(name="widget-dev", version="1.0-1", documentation_of="libwidget1"))
    assert read_changelog(deb, "widget-dev") == LinkedTo(package="libwidget1")


def test_package_without_documentation_has_no_changelog(tmp_path: Path) -> None:
    assert read_changelog(write(tmp_path, BuiltPackage(name="widget", version="1.0-1")), "widget") is None


def test_another_packages_changelog_is_not_taken(tmp_path: Path) -> None:
    deb = write(tmp_path, BuiltPackage(name="widget", version="1.0-1", changelog=TEXT))
    assert read_changelog(deb, "gadget") is None


def test_decompression_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deb_archive, "MAX_CHANGELOG", 1000)
    deb = write(tmp_path, BuiltPackage(name="widget", version="1.0-1", changelog="x" * 1001))
    with pytest.raises(DebError, match="larger than 1000"):
        read_changelog(deb, "widget")


def test_a_tar_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deb_archive, "MAX_UNPACKED", 20_000)
    deb = write(tmp_path, BuiltPackage(name="widget", version="1.0-1", padding=100_000))
    with pytest.raises(DebError, match="more than it may"):
        read_changelog(deb, "widget")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"!<arch>\n",
        b"PK\x03\x04",
        b"!<arch>\n" + b"x" * 60,
        b"!<arch>\n" + f"{'data.tar.xz':<48}{-5:<10}`\n".encode(),
        b"!<arch>\n" + f"{'data.tar.rar':<48}{5:<10}`\nabcde".encode(),
        b"!<arch>\n" + f"{'data.tar.xz':<48}{5:<10}`\nabcde".encode(),
        b"!<arch>\n" + f"{'debian-binary':<48}{10**9:<10}`\n".encode(),
    ],
)
def test_rejects_invalid_debs(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "widget.deb"
    path.write_bytes(content)
    with pytest.raises(DebError, match="widget.deb|ar archive"):
        read_changelog(path, "widget")


@given(st.integers(min_value=0, max_value=700), st.integers(min_value=0, max_value=255))
def test_a_damaged_deb_raises_nothing_else(tmp_path_factory: pytest.TempPathFactory, place: int, value: int) -> None:
    content = bytearray(build_deb(BuiltPackage(name="widget", version="1.0-1", changelog=TEXT, compression="gz")))
    content[place % len(content)] = value
    path = tmp_path_factory.getbasetemp() / "damaged.deb"
    for damaged in (content, content[:place]):
        path.write_bytes(damaged)
        try:
            read_changelog(path, "widget")
        except DebError:
            continue
