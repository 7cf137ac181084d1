"""The .rpm, built by rpmbuild with every default that it takes from its environment set explicitly."""

import tempfile
from pathlib import Path
from typing import Final

from scripts.packages.host_files import DESCRIPTION, HOMEPAGE, NAME, SETTINGS, SUMMARY, Package
from scripts.packages.package_scripts import rpm_scripts
from scripts.packages.runtimes import run

_MACROS: Final = {
    "_buildhost": "reproducible",
    "use_source_date_epoch_as_buildtime": "1",
    "clamp_mtime_to_source_date_epoch": "1",
    "source_date_epoch_from_changelog": "0",
    "__os_install_post": "%{nil}",
    "_build_id_links": "none",
    "_binary_payload": "w3.xzdio",
    "_binary_filedigest_algorithm": "8",
    "debug_package": "%{nil}",
    "_build_name_fmt": "package.rpm",
}


def rpm(package: Package) -> tuple[str, bytes]:
    """Return an RPM package's file name and bytes."""
    release = package.release
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        package.tree.write(folder / "tree", release.epoch)
        (folder / "package.spec").write_text(_spec(package))
        defines = {**_MACROS, "_topdir": str(folder), "_rpmdir": str(folder), "_tmppath": str(folder)}
        command = ["rpmbuild", "-bb", "--quiet", "--target", f"{release.architecture}-linux"]
        for name, value in defines.items():
            command += ["--define", f"{name} {value}"]
        command += ["--buildroot", str(folder / "tree"), "--noclean", "package.spec"]
        run(command, folder, {"SOURCE_DATE_EPOCH": str(release.epoch), "HOME": str(folder)})
        content = (folder / "package.rpm").read_bytes()
    return f"{NAME}-{release.version}-{_revision(package)}.{release.architecture}.rpm", content


def _revision(package: Package) -> str:
    return "1.standalone" if package.is_standalone else "1"


def _spec(package: Package) -> str:
    requires = [f"libc.so.6(GLIBC_{package.glibc()})(64bit)"]
    if not package.is_standalone:
        requires.append("(python3 >= 3.11 or python3.13 or python3.12 or python3.11)")
    head = [
        f"Name: {NAME}",
        f"Version: {package.release.version}",
        f"Release: {_revision(package)}",
        f"Summary: {SUMMARY}",
        "License: Apache-2.0",
        f"URL: {HOMEPAGE}",
        "AutoReqProv: no",
        *(f"Requires: {name}" for name in requires),
    ]
    scripts = [f"%{section}\n{text}" for section, text in rpm_scripts(package.release.version).items()]
    return "\n".join([*head, f"\n%description\n{DESCRIPTION}\n", *scripts, "%files", *_listed(package), ""])


def _listed(package: Package) -> list[str]:
    """Return the lines of %files: every file with its mode, and the folders that are only ours."""
    own = [f for f in package.tree.folders() if f.startswith(("opt/openinspector-agent", "etc/openinspector"))]
    lines = [f"%dir %attr(0755,root,root) /{folder}" for folder in own]
    for path, file in package.tree:
        kind = "%config(noreplace) " if path in SETTINGS else ""
        lines.append(f'{kind}%attr({file.mode:04o},root,root) "/{path}"')
    return lines
