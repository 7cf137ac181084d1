import pytest

from openinspector.engine.by_products import ByProduct, by_product_detection, by_product_of
from openinspector.engine.evidence import render_evidence
from openinspector.model.finding import Severity
from openinspector.model.inventory import PackageManager
from openinspector.testing.detection_texts import read
from openinspector.testing.match_builders import advisory, fix, host, index, installed, status

HEADERS = installed("linux-libc-dev", "6.1.123-1", source=("linux", "6.1.123-1"))


@pytest.mark.parametrize(
    ("manager", "name", "source", "kind"),
    [
        (PackageManager.DPKG, "linux-libc-dev", "linux", ByProduct.KERNEL_HEADERS),
        (PackageManager.DPKG, "linux-headers-6.1.0-29-amd64", "linux", ByProduct.KERNEL_HEADERS),
        (PackageManager.DPKG, "linux-headers-6.1.0-29-common", "linux", ByProduct.KERNEL_HEADERS),
        (PackageManager.DPKG, "linux-aws-6.8-headers-6.8.0-1021", "linux-aws-6.8", ByProduct.KERNEL_HEADERS),
        (PackageManager.DPKG, "openssl-dbgsym", "openssl", ByProduct.DEBUG_SYMBOLS),
        (PackageManager.DPKG, "libc6-dbg", "glibc", ByProduct.DEBUG_SYMBOLS),
        (PackageManager.DPKG, "libssl-doc", "openssl", ByProduct.DOCUMENTATION),
        (PackageManager.DPKG, "git-man", "git", ByProduct.DOCUMENTATION),
        (PackageManager.DPKG, "locales", "glibc", ByProduct.LOCALES),
        (PackageManager.RPM, "kernel-headers", "kernel", ByProduct.KERNEL_HEADERS),
        (PackageManager.RPM, "kernel-uek-devel", "kernel-uek", ByProduct.KERNEL_HEADERS),
        (PackageManager.RPM, "glibc-headers", "glibc", ByProduct.LIBC_HEADERS),
        (PackageManager.RPM, "glibc-langpack-en", "glibc", ByProduct.LOCALES),
        (PackageManager.RPM, "openssl-debuginfo", "openssl", ByProduct.DEBUG_SYMBOLS),
        (PackageManager.APK, "curl-doc", "curl", ByProduct.DOCUMENTATION),
        (PackageManager.PACMAN, "linux-api-headers", "linux-api-headers", ByProduct.KERNEL_HEADERS),
    ],
)
def test_packages_without_code_of_their_source(
    manager: PackageManager, name: str, source: str, kind: ByProduct
) -> None:
    assert by_product_of(installed(name, "1-1", source=(source, "1-1"), manager=manager)) is kind


@pytest.mark.parametrize(
    ("manager", "name", "source"),
    [
        (PackageManager.DPKG, "linux-image-6.1.0-29-amd64", "linux"),
        (PackageManager.DPKG, "libc6-dev", "glibc"),  # holds libc.a
        (PackageManager.DPKG, "python3.11-dbg", "python3.11"),  # holds a debug build of the interpreter
        (PackageManager.DPKG, "libgl1-mesa-dri", "mesa"),
        (PackageManager.DPKG, "antlr-doc", "antlr-doc"),  # a source of this name: nothing else to be a by-product of
        (PackageManager.RPM, "kernel-debug", "kernel"),
        (PackageManager.RPM, "kernel-core", "kernel"),
        (PackageManager.RPM, "glibc-gconv-extra", "glibc"),
        (PackageManager.RPM, "man", "man"),
        (PackageManager.APK, "linux-lts", "linux-lts"),
        (PackageManager.RPM, "linux-libc-dev", "linux"),  # another distribution's name
    ],
)
def test_packages_that_may_hold_code(manager: PackageManager, name: str, source: str) -> None:
    assert by_product_of(installed(name, "1-1", source=(source, "1-1"), manager=manager)) is None


def test_detection_counts_fixed_and_unfixed_vulnerabilities() -> None:
    advisories = (
        advisory("CVE-2026-0001", fix("linux", "6.1.128-1")),
        advisory("CVE-2026-0002", fix("linux", "6.1.129-1")),
        advisory("CVE-2026-0003", status("linux")),
    )
    found = read(by_product_detection(index(*advisories).matches(host([HEADERS]))))
    assert found.severity is Severity.INFORMATIONAL
    assert found.description == (
        "linux-libc-dev holds only kernel header files, none of the vulnerable code of linux. "
        "Its update closes 2 vulnerabilities. Without a fix yet: 1 vulnerability of linux."
    )
    assert {a.key: a.value for a in found.attributes} == {
        "package_name": "linux-libc-dev",
        "package_version": "6.1.123-1",
        "fixed_version": "6.1.129-1",
        "BY_PRODUCT": "kernel header files",
        "CLOSED_CVES": "2",
        "UNFIXED_CVES": "1",
    }
    assert "Closed by 6.1.129-1: CVE-2026-0001, CVE-2026-0002." in render_evidence(found.evidence)
    assert "Without a fix: CVE-2026-0003." in render_evidence(found.evidence)


def test_without_a_fix_the_package_is_to_be_removed() -> None:
    matches = index(advisory("CVE-2026-0003", status("linux"))).matches(host([HEADERS]))
    found = read(by_product_detection(matches))
    assert "No update of it is published." in found.description
    assert found.recommendation == "Remove linux-libc-dev if it is not needed."
