"""The .deb: deb(5) written with nothing but the standard library."""

import hashlib
from collections.abc import Mapping
from typing import Final

from scripts.packages.archive import ar, tar, xz
from scripts.packages.host_files import DESCRIPTION, HOMEPAGE, MAINTAINER, NAME, SETTINGS, SUMMARY, Package
from scripts.packages.package_scripts import debian_scripts
from scripts.packages.tree import PROGRAM, File, Tree

ARCHITECTURES: Final[Mapping[str, str]] = {"x86_64": "amd64", "aarch64": "arm64"}


def deb(package: Package) -> tuple[str, bytes]:
    """Return a Debian package's file name and bytes."""
    epoch = package.release.epoch
    architecture = ARCHITECTURES[package.release.architecture]
    members = [
        ("debian-binary", b"2.0\n"),
        ("control.tar.xz", xz(tar(_control(package, architecture), epoch, "./"))),
        ("data.tar.xz", xz(tar(package.tree, epoch, "./"))),
    ]
    return f"{NAME}_{_version(package)}_{architecture}.deb", ar(members, epoch)


def _version(package: Package) -> str:
    return package.release.version + ("+standalone" if package.is_standalone else "")


def _control(package: Package, architecture: str) -> Tree:
    depends = [f"libc6 (>= {package.glibc()})"]
    if not package.is_standalone:
        depends.append("python3 (>= 3.11) | python3.13 | python3.12 | python3.11")
    fields = {
        "Package": NAME,
        "Version": _version(package),
        "Architecture": architecture,
        "Maintainer": MAINTAINER,
        "Installed-Size": str(package.tree.size() // 1024),
        "Depends": ", ".join(depends),
        "Section": "admin",
        "Priority": "optional",
        "Homepage": HOMEPAGE,
        "Description": f"{SUMMARY}\n {DESCRIPTION}",
    }
    # MD5 is what dpkg --verify reads; it guards against accidents, signatures guard against people.
    sums = [f"{hashlib.md5(f.content, usedforsecurity=False).hexdigest()}  {p}\n" for p, f in package.tree]
    files = {
        "control": File(content="".join(f"{name}: {value}\n" for name, value in fields.items()).encode()),
        "conffiles": File(content="".join(f"/{path}\n" for path in SETTINGS).encode()),
        "md5sums": File(content="".join(sums).encode()),
    }
    scripts = debian_scripts(package.release.version)
    return Tree(files=files | {n: File(content=text.encode(), mode=PROGRAM) for n, text in scripts.items()})
