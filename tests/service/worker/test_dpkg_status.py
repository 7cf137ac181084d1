from pathlib import Path

from openinspector.service.worker.dpkg_status import installed_packages, native_architecture

STATUS = """\
Package: dpkg
Status: install ok installed
Architecture: arm64
Version: 1.21.22
Description: package manager
 Status: not a field

Package: libwidget1
Status: hold ok half-configured
Architecture: arm64
Source: widget (1:2.0-1)
Version: 1:2.0-1+b1

Package: removed
Status: deinstall ok config-files
Version: 1.0-1

Package: never
Status: unknown ok not-installed
"""


def test_reads_installed_packages(tmp_path: Path) -> None:
    path = tmp_path / "status"
    path.write_text(STATUS)
    dpkg, widget = installed_packages(path)
    assert (dpkg.name, dpkg.source_name, dpkg.source_version) == ("dpkg", "dpkg", "1.21.22")
    assert (widget.source_name, widget.source_version, widget.version) == ("widget", "1:2.0-1", "1:2.0-1+b1")


def test_architecture_of_dpkg(tmp_path: Path) -> None:
    path = tmp_path / "status"
    path.write_text(STATUS)
    assert native_architecture(installed_packages(path)) == "arm64"
    assert native_architecture(()) == "amd64"


def test_missing_database_has_no_packages(tmp_path: Path) -> None:
    assert installed_packages(tmp_path / "absent") == ()
