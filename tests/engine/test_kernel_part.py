"""Each distribution's names of kernel packages, held against what ``uname -r`` prints there."""

import json
import lzma
from dataclasses import replace
from pathlib import Path

import pytest

from openinspector.engine.kernel import KernelRole, subjects
from openinspector.engine.kernel_part import kernel_part
from openinspector.model.inventory import Package, PackageManager
from openinspector.testing.match_builders import host, installed

RPM, DPKG, ARCH = PackageManager.RPM, PackageManager.DPKG, PackageManager.PACMAN


def package(name: str, version: str, manager: PackageManager = RPM, architecture: str = "x86_64") -> Package:
    return replace(installed(name, version, manager=manager), architecture=architecture)


@pytest.mark.parametrize(
    ("name", "version", "manager", "release", "others"),
    [
        ("kernel-core", "5.14.0-70.13.1.el9_0", RPM, "5.14.0-70.13.1.el9_0.x86_64", "5.14.0-70.13.el9_0.x86_64"),
        ("kernel-64k-core", "5.14.0-427.el9", RPM, "5.14.0-427.el9.x86_64+64k", "5.14.0-427.el9.x86_64"),
        ("kernel-ml-core", "6.6.1-1.el9.elrepo", RPM, "6.6.1-1.el9.elrepo.x86_64", "6.6.10-1.el9.elrepo.x86_64"),
        ("kernel-lt", "5.4.278-1.el7.elrepo", RPM, "5.4.278-1.el7.elrepo.x86_64", "5.4.27-1.el7.elrepo.x86_64"),
        ("kernel-uek", "5.15.0-8.91.4.el8uek", RPM, "5.15.0-8.91.4.el8uek.x86_64", "5.15.0-8.91.el8uek.x86_64"),
        ("kernel6.12", "6.12.5-9.amzn2023", RPM, "6.12.5-9.amzn2023.x86_64", "6.12.5-90.amzn2023.x86_64"),
        ("kernel-default", "5.3.18-59.37.2", RPM, "5.3.18-59.37-default", "5.3.18-59.3-default"),
        ("kernel-default", "5.3.18-59.37.2", RPM, "5.3.18-59.37-default", "5.3.18-59.37-azure"),
        (
            "kernel-default-base",
            "5.14.21-150400.24.100.2.150400.24.46.6",
            RPM,
            "5.14.21-150400.24.100-default",
            "5.14.21-150400.24.10-default",
        ),
        ("kernel-rt", "6.4.0-150600.10.8.3", RPM, "6.4.0-150600.10.8-rt", "6.4.0-150600.10.80-rt"),
        ("kernel", "6.6.47.1-1.azl3", RPM, "6.6.47.1-1.azl3", "6.6.47.1-10.azl3"),
        ("linux-esx", "5.10.4-16.ph4", RPM, "5.10.4-16.ph4-esx", "5.10.4-16.ph4"),
        ("linux", "5.10.4-16.ph4", RPM, "5.10.4-16.ph4", "5.10.4-16.ph4-esx"),
        ("linux", "6.9.3.arch1-1", ARCH, "6.9.3-arch1-1", "6.9.3-arch1-2"),
        ("linux-lts", "6.6.32-1", ARCH, "6.6.32-1-lts", "6.6.32-1"),
        ("linux-zen", "6.9.3.zen1-1", ARCH, "6.9.3-zen1-1-zen", "6.9.3-arch1-1"),
        ("linux-image-6.12.38+deb13-amd64", "6.12.38-1", DPKG, "6.12.38+deb13-amd64", "6.12.38-amd64"),
        ("kpatch-patch-5_14_0-427_13_1", "1-6.el9_4", RPM, "5.14.0-427.13.1.el9_4.x86_64", "5.14.0-427.13.el9.x86_64"),
        ("kpatch-patch-4_18_0-553", "1-2.el8_10", RPM, "4.18.0-553.el8_10.x86_64", "4.18.0-553.5.1.el8_10.x86_64"),
        (
            "kernel-livepatch-6.1.10-15.42",
            "1.0-2.amzn2023",
            RPM,
            "6.1.10-15.42.amzn2023.x86_64",
            "6.1.10-15.43.amzn2023",
        ),
        (
            "kernel-livepatch-5_14_21-150400_24_100-default",
            "3-150400.2.1",
            RPM,
            "5.14.21-150400.24.100-default",
            "5.14.21-150400.24.97-default",
        ),
    ],
)
def test_a_package_is_of_the_release_that_uname_prints_and_of_no_other(
    name: str, version: str, manager: PackageManager, release: str, others: str
) -> None:
    part = kernel_part(package(name, version, manager))
    assert part is not None
    assert part.runs(release)
    assert not part.runs(others)


@pytest.mark.parametrize(
    "name",
    [
        "kernel-headers",
        "kernel-tools",
        "kernel-srpm-macros",
        "kernel-livepatch-repo-cdn",
        "kpatch-runtime",
        "kernelshark",
    ],
)
def test_packages_with_a_kernels_name_that_belong_to_no_release(name: str) -> None:
    assert kernel_part(package(name, "5.14.0-70.13.1.el9_0")) is None


def test_a_foreign_kernel_that_runs_leaves_the_distributions_kernels_idle() -> None:
    own, foreign = package("kernel-core", "5.14.0-70.el9"), package("kernel-ml-core", "6.6.1-1.el9.elrepo")
    found = subjects(host([own, foreign], distribution="almalinux:9.4", kernel=("6.6.1-1.el9.elrepo.x86_64", "")))
    assert [(one.package, one.role) for one in found.judged] == [(foreign, KernelRole.RUNNING)]
    assert [one.package for one in found.idle] == [own]


def test_a_live_patch_of_a_kernel_that_does_not_run_is_not_judged() -> None:
    kernel = package("kernel", "6.1.10-15.42.amzn2023")
    patches = [package(f"kernel-livepatch-{of}", "1.0-0.amzn2023") for of in ("6.1.10-15.42", "6.1.9-14.40")]
    facts = host([kernel, *patches], distribution="amzn:2023", kernel=("6.1.10-15.42.amzn2023.x86_64", ""))
    judged = {one.package: one.role for one in subjects(facts).judged}
    assert judged == {kernel: KernelRole.RUNNING, patches[0]: KernelRole.ORDINARY}


def test_of_two_suse_kernels_the_running_one_is_judged() -> None:
    old, new = package("kernel-default", "5.3.18-59.37.2"), package("kernel-default", "5.3.18-150300.59.43.1")
    found = subjects(host([old, new], distribution="sles:15.3", kernel=("5.3.18-59.37-default", "")))
    assert [one.package for one in found.judged] == [old]


@pytest.mark.parametrize(
    ("image", "uname", "build"),
    [
        (package("kernel-core", "5.14.0-611.el9_7"), ("5.14.0-70.13.1.el9_0.x86_64", ""), "5.14.0-70.13.1.el9_0"),
        (package("linux", "5.10.9-1.ph4"), ("5.10.4-16.ph4", ""), "5.10.4-16.ph4"),
        (package("kernel", "6.6.60.1-1.azl3"), ("6.6.47.1-1.azl3", ""), "6.6.47.1-1.azl3"),
        (package("linux", "6.9.5.arch1-1", ARCH), ("6.9.3-arch1-1", ""), "6.9.3.arch1-1"),
        (package("linux-lts", "6.6.34-1", ARCH), ("6.6.32-1-lts", ""), "6.6.32-1"),
        (
            package("linux-image-5.15.0-91-generic", "5.15.0-91.101", DPKG),
            ("5.15.0-69-generic", "#76-Ubuntu SMP Fri Mar 17 17:19:29 UTC 2023"),
            "5.15.0-69.76",
        ),
        (
            package("linux-image-6.5.0-35-generic", "6.5.0-35.35~22.04.1", DPKG),
            ("6.5.0-28-generic", "#29~22.04.1-Ubuntu SMP PREEMPT_DYNAMIC"),
            "6.5.0-28.29~22.04.1",
        ),
    ],
)
def test_a_running_kernel_whose_files_were_replaced_is_judged_at_its_own_build(
    image: Package, uname: tuple[str, str], build: str
) -> None:
    found = subjects(host([image], kernel=uname))
    assert [(one.version, one.role) for one in found.judged] == [(build, KernelRole.RUNNING)]
    assert [one.package for one in found.idle] == [image]


@pytest.mark.parametrize(
    ("image", "release"),
    [
        (package("kernel-core", "5.14.0-611.el9_7"), "6.8.0-31-generic"),
        (package("kernel-core", "5.14.0-611.el9_7"), "5.15.0-8.91.4.el9uek.x86_64"),
        (package("kernel6.12", "6.12.9-1.amzn2023"), "6.1.10-15.42.amzn2023.x86_64"),
        (package("linux", "6.9.5.arch1-1", ARCH), "6.6.32-1-lts"),
    ],
)
def test_an_image_of_another_kind_does_not_stand_for_what_runs(image: Package, release: str) -> None:
    found = subjects(host([image], kernel=(release, "")))
    assert [(one.package, one.role) for one in found.judged] == [(image, KernelRole.NOT_RUNNING)]


def test_ubuntus_signed_images_are_judged_as_the_source_they_sign() -> None:
    name = "linux-image-6.5.0-28-generic"
    image = installed(name, "6.5.0-28.29~22.04.1", source=("linux-signed-hwe-6.5", "6.5.0-28.29~22.04.1"))
    (found,) = subjects(host([image], distribution="ubuntu:22.04", kernel=("6.5.0-28-generic", ""))).judged
    assert (found.source_name, found.source_version) == ("linux-hwe-6.5", "6.5.0-28.29~22.04.1")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "manager"),
    [
        ("alma_9", RPM),
        ("amazon_2023", RPM),
        ("rhel_90", RPM),
        ("rocky_9", RPM),
        ("sles15", RPM),
        ("debian_12", DPKG),
        ("debian_13", DPKG),
        ("ubuntu_2204", DPKG),
        ("ubuntu_2404", DPKG),
    ],
)
def test_every_real_host_runs_an_installed_image(shared: Path, name: str, manager: PackageManager) -> None:
    inventory = json.loads(lzma.decompress((shared / "data" / "inventories" / f"{name}.json.xz").read_bytes()))
    release = inventory["runningKernel"]["release"]
    parts = [
        kernel_part(
            package(each["name"], "-".join(filter(None, (each["version"], each["release"]))), manager, each["arch"])
        )
        for each in inventory["packages"].values()
    ]
    assert any(part is not None and part.image and part.runs(release) for part in parts)
