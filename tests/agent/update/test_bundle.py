import contextlib
import gzip
import io
import random
import stat
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.operation.update_outcome import UpdateCode, UpdateError
from openinspector.agent.update.bundle import unpack


def packed(folder: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    path = folder / "bundle.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, mode: int = 0o644, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.mode, made.linkname = kind, mode, link
    return made


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def test_files_and_folders_are_unpacked_with_plain_modes(tmp_path: Path, into: Path) -> None:
    bundle = packed(
        tmp_path,
        (member("./program", mode=0o6755), b"run"),
        (member("lib", tarfile.DIRTYPE), b""),
        (member("lib/deep/data", mode=0o666), b"x" * 100_000),
    )
    unpack(bundle, into)
    assert (into / "lib" / "deep" / "data").read_bytes() == b"x" * 100_000
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in into.rglob("*")}
    assert modes == {"program": 0o755, "lib": 0o755, "deep": 0o755, "data": 0o644}


@pytest.mark.parametrize(
    "unwanted",
    [
        member("/etc/passwd"),
        member("../outside"),
        member("a/../../outside"),
        member("link", tarfile.SYMTYPE, link="/etc"),
        member("hard", tarfile.LNKTYPE, link="fine"),
        member("device", tarfile.CHRTYPE),
        member("block", tarfile.BLKTYPE),
        member("pipe", tarfile.FIFOTYPE),
        member("fine"),
        member("x" * 2000),
    ],
    ids=lambda info: info.name[:20],
)
def test_rejects_unexpected_members(tmp_path: Path, into: Path, unwanted: tarfile.TarInfo) -> None:
    bundle = packed(tmp_path, (member("fine"), b"fine"), (unwanted, b""))
    with pytest.raises(UpdateError) as refused:
        unpack(bundle, into)
    assert refused.value.code is UpdateCode.PACKAGE_INSTALLATION_ERROR
    assert {path.name for path in tmp_path.iterdir()} == {"into", "bundle.tar.gz"}


def test_decompression_bomb_is_refused(tmp_path: Path, into: Path) -> None:
    bundle = packed(tmp_path, (member("zeros"), bytes(5_000_000)))
    assert bundle.stat().st_size < 10_000
    with pytest.raises(UpdateError, match="more than it may"):
        unpack(bundle, into, max_bytes=1_000_000)


def test_header_with_a_false_size_is_bounded(tmp_path: Path, into: Path) -> None:
    lying = member("x")
    lying.size = 2**40
    bundle = tmp_path / "bundle.tar.gz"
    bundle.write_bytes(gzip.compress(lying.tobuf() + bytes(100_000)))
    with pytest.raises(UpdateError):
        unpack(bundle, into, max_bytes=1_000_000)


@given(seed=st.integers(0, 2**32), cut=st.integers(0, 2000))
def test_any_bundle_is_unpacked_or_refused(tmp_path_factory: pytest.TempPathFactory, seed: int, cut: int) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    bundle = packed(folder, (member("a"), b"content" * 50), (member("b/c"), b""))
    chance, content = random.Random(seed), bytearray(gzip.decompress(bundle.read_bytes()))
    for _ in range(chance.randrange(1, 6)):
        content[chance.randrange(0, 2560)] = chance.randrange(256)
    bundle.write_bytes(gzip.compress(bytes(content))[: cut or None])
    (folder / "into").mkdir()
    with contextlib.suppress(UpdateError):
        unpack(bundle, folder / "into")
    assert {path.name for path in folder.iterdir()} == {"into", "bundle.tar.gz"}
