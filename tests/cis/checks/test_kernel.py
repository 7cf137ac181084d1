import pytest
from tests.cis.judging import file, judge

from openinspector.model.configuration import KernelModule
from openinspector.model.inventory import KernelParameters
from openinspector.model.record import Record

OFF = file("/etc/modprobe.d/x.conf", "install cramfs /bin/false", "blacklist cramfs")
ARGUMENTS = "linux /vmlinuz root=/dev/sda1 audit=1 quiet"


def sysctl(**values: str) -> KernelParameters:
    return KernelParameters(values={name.replace("__", "."): value for name, value in values.items()})


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ((sysctl(net__ipv4__ip_forward="0"),), "Satisfied"),
        ((sysctl(net__ipv4__ip_forward="1"),), "Violated"),
        ((sysctl(),), "Inapplicable"),
        ((sysctl(net__ipv4__ip_forward="0"), file("/etc/sysctl.d/9.conf", "net.ipv4.ip_forward = 1")), "Violated"),
        ((sysctl(net__ipv4__ip_forward="0"), file("/etc/sysctl.d/9.conf", "net.ipv4.ip_forward=0")), "Satisfied"),
    ],
)
def test_kernel_parameters(records: tuple[Record, ...], expected: str) -> None:
    assert judge("sysctl:net.ipv4.ip_forward=0", *records) == expected


def test_ipv6_parameters_do_not_apply_without_ipv6() -> None:
    parameters = KernelParameters(values={"net.ipv6.conf.all.disable_ipv6": "1", "net.ipv6.conf.all.accept_ra": "1"})
    assert judge("sysctl:net.ipv6.conf.all.accept_ra=0", parameters) == "Inapplicable"


def test_an_incomplete_sensor_is_never_a_pass() -> None:
    parameters = sysctl(net__ipv4__ip_forward="0")
    assert judge("sysctl:net.ipv4.ip_forward=0", parameters, incomplete=("kernel_parameters",)) == "Unknown"


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ((OFF,), "Satisfied"),
        ((), "Violated"),
        ((file("/etc/modprobe.d/x.conf", "blacklist cramfs"),), "Violated"),
        ((file("/etc/modprobe.d/x.conf", "install cramfs /bin/echo", "blacklist cramfs"),), "Violated"),
        ((OFF, KernelModule(name="cramfs", size=1)), "Violated"),
        ((OFF, file("/etc/modprobe.d/y.conf", "install cramfs /sbin/modprobe cramfs")), "Violated"),
    ],
)
def test_modules_that_must_be_off(records: tuple[Record, ...], expected: str) -> None:
    assert judge("module_off:cramfs", *records) == expected


def test_dashes_and_underscores_in_module_names_are_the_same() -> None:
    written = file("/etc/modprobe.d/usb.conf", "install usb_storage /bin/true", "blacklist usb_storage")
    assert judge("module_off:usb-storage", written) == "Satisfied"
    assert judge("module_off:usb-storage", written, KernelModule(name="usb_storage", size=1)) == "Violated"


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ((file("/boot/grub/grub.cfg", ARGUMENTS),), "Satisfied"),
        ((file("/boot/grub/grub.cfg", ARGUMENTS, "linux /vmlinuz.old root=/dev/sda1"),), "Violated"),
        ((file("/boot/loader/entries/a.conf", "options root=/dev/sda1 audit=10"),), "Violated"),
        (
            (file("/etc/default/grub", 'GRUB_CMDLINE_LINUX="audit=1"', 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"'),),
            "Satisfied",
        ),
        ((), "Unknown"),
    ],
)
def test_arguments_of_the_boot_loader(records: tuple[Record, ...], expected: str) -> None:
    assert judge("boot:audit=1", *records) == expected


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ((file("/boot/grub2/user.cfg", "GRUB2_PASSWORD=(set)"),), "Satisfied"),
        ((file("/boot/grub/grub.cfg", "password_pbkdf2 root (set)"),), "Satisfied"),
        ((file("/boot/grub/grub.cfg", ARGUMENTS),), "Violated"),
        ((), "Inapplicable"),
    ],
)
def test_a_password_of_the_boot_loader(records: tuple[Record, ...], expected: str) -> None:
    assert judge("boot_password", *records) == expected
