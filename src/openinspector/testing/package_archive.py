"""A small Debian package archive on disk: .deb files, index and signed InRelease, as on apt mirrors."""

import gzip
import hashlib
import io
import lzma
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

from openinspector.testing.openpgp_signer import OpenPgpSigner


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltPackage:
    """One binary package to be put into the archive."""

    name: str
    version: str
    source: str = ""
    """``source`` or ``source (version)``; empty: the package's own name and version."""
    changelog: str = ""
    documentation_of: str = ""
    """Package whose documentation folder this one's is a link to."""
    architecture: str = "amd64"
    padding: int = 0
    """Bytes that make the .deb larger."""
    compression: str = "xz"
    native: bool = False
    extra: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """The name of its .deb; the epoch is not part of it."""
        return f"{self.name}_{self.version.partition(':')[2] or self.version}_{self.architecture}.deb"


def build_deb(package: BuiltPackage) -> bytes:
    """Return a .deb of ``package``; it holds documentation and padding, and no control data worth reading."""
    data = _compressed(_data_tar(package), package.compression)
    ending = f".{package.compression}" if package.compression else ""
    members = {"debian-binary": b"2.0\n", "control.tar.xz": lzma.compress(b""), f"data.tar{ending}": data}
    return b"!<arch>\n" + b"".join(_ar_member(name, content) for name, content in members.items())


class PackageArchive:
    """An archive in a folder. `publish` writes the index; earlier packages stay in the pool."""

    def __init__(self, folder: Path, signer: OpenPgpSigner | None = None) -> None:
        self.folder = folder
        self.signer = signer or OpenPgpSigner()
        self._packages: list[tuple[BuiltPackage, bytes]] = []

    def add(self, *packages: BuiltPackage) -> None:
        """Put packages into the pool and the next index."""
        for package in packages:
            deb = build_deb(package)
            path = self.folder / self._path(package)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(deb)
            self._packages.append((package, deb))

    def publish(self, suite: str = "bookworm-security", date: str = "Sat, 21 Nov 2026 00:53:02 UTC") -> None:
        """Write index and InRelease of ``suite`` with every package added so far."""
        index = "\n".join(self._stanza(package, deb) for package, deb in self._packages).encode()
        base = self.folder / "dists" / suite
        (base / "main/binary-amd64").mkdir(parents=True, exist_ok=True)
        hashes = []
        for ending, content in ((".xz", lzma.compress(index)), (".gz", gzip.compress(index, mtime=0))):
            path = f"main/binary-amd64/Packages{ending}"
            (base / path).write_bytes(content)
            hashes.append(f" {hashlib.sha256(content).hexdigest()} {len(content):8} {path}")
        release = "\n".join(("Origin: Debian", f"Codename: {suite}", f"Date: {date}", "SHA256:", *hashes))
        (base / "InRelease").write_bytes(self.signer.clearsign(release))

    def keyring(self, path: Path) -> Path:
        """Write the archive's keyring to ``path`` and return it."""
        path.write_bytes(self.signer.keyring())
        return path

    def _path(self, package: BuiltPackage) -> str:
        return f"pool/main/{package.file_name}"

    def _stanza(self, package: BuiltPackage, deb: bytes) -> str:
        source = f"Source: {package.source}\n" if package.source else ""
        return (
            f"Package: {package.name}\n{source}Version: {package.version}\nArchitecture: {package.architecture}\n"
            f"Filename: {self._path(package)}\nSize: {len(deb)}\nSHA256: {hashlib.sha256(deb).hexdigest()}\n"
        )


def _data_tar(package: BuiltPackage) -> bytes:
    buffer = io.BytesIO()
    folder = f"./usr/share/doc/{package.name}"
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        if package.documentation_of:
            link = tarfile.TarInfo(folder)
            link.type, link.linkname = tarfile.SYMTYPE, package.documentation_of
            tar.addfile(link)
        if package.changelog:
            name = "changelog.gz" if package.native else "changelog.Debian.gz"
            _add(tar, f"{folder}/{name}", gzip.compress(package.changelog.encode(), mtime=0))
        for name, content in package.extra.items():
            _add(tar, name, content)
        if package.padding:
            noise = b"".join(hashlib.sha256(bytes([i % 256, i // 256])).digest() for i in range(package.padding // 32))
            _add(tar, "./usr/lib/padding", noise)
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def _compressed(content: bytes, compression: str) -> bytes:
    match compression:
        case "xz":
            return lzma.compress(content)
        case "gz":
            return gzip.compress(content, mtime=0)
        case "zst":
            return zstandard.ZstdCompressor().compress(content)
    return content


def _ar_member(name: str, content: bytes) -> bytes:
    header = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode("ascii")
    return header + content + (b"\n" if len(content) % 2 else b"")
