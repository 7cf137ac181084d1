from openinspector.engine.kernel import KernelRole, Subjects, running_release, subjects
from openinspector.model.inventory import Kernel, Package, PackageManager
from openinspector.testing.match_builders import host, installed

UNAME_V = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.123-1 (2025-01-02)"
OLD = installed("linux-image-6.1.0-29-amd64", "6.1.123-1", source=("linux-signed-amd64", "6.1.123+1"))
NEW = installed("linux-image-6.1.0-30-amd64", "6.1.124-1", source=("linux-signed-amd64", "6.1.124+1"))
META = installed("linux-image-amd64", "6.1.124-1", source=("linux-signed-amd64", "6.1.124+1"))
HEADERS = installed("linux-libc-dev", "6.1.124-1", source=("linux", "6.1.124-1"))


def roles(found: Subjects) -> dict[str, KernelRole]:
    return {subject.package.name: subject.role for subject in found.judged}


def rpm(name: str, version: str) -> Package:
    return installed(name, version, manager=PackageManager.RPM)


def test_only_the_running_kernel_of_several_is_judged() -> None:
    found = subjects(host([OLD, NEW, META, HEADERS], kernel=("6.1.0-29-amd64", UNAME_V)))
    assert roles(found) == {HEADERS.name: KernelRole.ORDINARY, OLD.name: KernelRole.RUNNING}
    assert [subject.package for subject in found.idle] == [NEW]


def test_signed_image_is_judged_as_source_linux_at_its_own_version() -> None:
    (found,) = subjects(host([OLD], kernel=("6.1.0-29-amd64", UNAME_V))).judged
    assert (found.source_name, found.source_version) == ("linux", "6.1.123-1")


def test_signed_image_of_a_second_kernel_line_keeps_its_line() -> None:
    image = installed("linux-image-6.12.9-amd64", "6.12.9-1~bpo12+1", source=("linux-signed-6.12-amd64", "6.12.9+1"))
    (found,) = subjects(host([image], kernel=("6.12.9-amd64", ""))).judged
    assert (found.source_name, found.source_version) == ("linux-6.12", "6.12.9-1~bpo12+1")


def test_image_replaced_in_place_is_judged_at_the_build_that_runs() -> None:
    upgraded = installed(OLD.name, "6.1.128-1", source=("linux-signed-amd64", "6.1.128+1"))
    found = subjects(host([upgraded], kernel=("6.1.0-29-amd64", UNAME_V)))
    assert [(subject.version, subject.role) for subject in found.judged] == [("6.1.123-1", KernelRole.RUNNING)]
    assert [subject.version for subject in found.idle] == ["6.1.128-1"]


def test_running_kernel_whose_package_was_removed_is_still_judged() -> None:
    found = subjects(host([NEW], kernel=("6.1.0-29-amd64", UNAME_V)))
    (judged,) = found.judged
    assert (judged.package.name, judged.version, judged.role) == (OLD.name, "6.1.123-1", KernelRole.RUNNING)
    assert [subject.package for subject in found.idle] == [NEW]


def test_kernels_of_a_host_that_runs_none_of_them_are_judged_as_installed() -> None:
    found = subjects(host([OLD, NEW], kernel=("6.1.155+", "#1 SMP PREEMPT_DYNAMIC")))
    assert set(roles(found).values()) == {KernelRole.NOT_RUNNING}
    assert len(found.judged) == 2
    assert found.idle == ()


def test_container_without_kernel_packages_has_only_ordinary_ones() -> None:
    found = subjects(host([HEADERS], kernel=("6.1.0-29-amd64", UNAME_V)))
    assert roles(found) == {HEADERS.name: KernelRole.ORDINARY}


def test_common_headers_belong_to_every_flavour_of_their_release() -> None:
    common = installed("linux-headers-6.1.0-29-common", "6.1.123-1", source=("linux", "6.1.123-1"))
    other = installed("linux-headers-6.1.0-2-common", "6.1.1-1", source=("linux", "6.1.1-1"))
    found = subjects(host([OLD, common, other], kernel=("6.1.0-29-amd64", UNAME_V)))
    assert set(roles(found)) == {OLD.name, common.name}


def test_rpm_kernels_differ_by_release_and_architecture() -> None:
    old, new = rpm("kernel-core", "5.14.0-70.13.1.el9_0"), rpm("kernel-core", "5.14.0-611.9.1.el9_7")
    tools = rpm("kernel-tools", "5.14.0-611.9.1.el9_7")
    found = subjects(host([old, new, tools], distribution="almalinux:9.0", kernel=("5.14.0-70.13.1.el9_0.x86_64", "")))
    assert [(subject.package, subject.role) for subject in found.judged] == [
        (tools, KernelRole.ORDINARY),
        (old, KernelRole.RUNNING),
    ]
    assert [subject.package for subject in found.idle] == [new]


def test_rpm_variants_share_a_release_and_do_not_run_for_each_other() -> None:
    plain, debug = rpm("kernel-core", "5.14.0-70.el9"), rpm("kernel-debug-core", "5.14.0-70.el9")
    for release, running in (("5.14.0-70.el9.x86_64", plain), ("5.14.0-70.el9.x86_64+debug", debug)):
        found = subjects(host([plain, debug], distribution="almalinux:9.0", kernel=(release, "")))
        assert [subject.package for subject in found.judged] == [running]


def test_apk_kernel_upgraded_but_not_restarted() -> None:
    lts = installed("linux-lts", "6.6.10-r0", manager=PackageManager.APK)
    found = subjects(host([lts], distribution="alpine:3.19.0", kernel=("6.6.7-0-lts", "")))
    assert [(subject.version, subject.role) for subject in found.judged] == [("6.6.7-r0", KernelRole.RUNNING)]
    assert [subject.version for subject in found.idle] == ["6.6.10-r0"]


def test_release_comes_from_the_kernel_record_if_uname_is_unknown() -> None:
    facts = host([OLD], others=[Kernel(release="6.1.0-29-amd64", running=True)])
    assert running_release(facts) == "6.1.0-29-amd64"
    assert roles(subjects(facts)) == {OLD.name: KernelRole.RUNNING}
