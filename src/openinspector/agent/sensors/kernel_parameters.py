"""Kernel parameters (sysctl) of a fixed list, as ``/proc/sys`` tells them (F5.63 rule 7)."""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.config_file import MISSING, decode, unread
from openinspector.agent.host import Host
from openinspector.agent.sensor import Absent, Incomplete, Sensor
from openinspector.model.inventory import KernelParameters

PARAMETERS: Final = (
    "fs.protected_fifos",
    "fs.protected_hardlinks",
    "fs.protected_regular",
    "fs.protected_symlinks",
    "fs.suid_dumpable",
    "kernel.core_uses_pid",
    "kernel.dmesg_restrict",
    "kernel.exec-shield",
    "kernel.kexec_load_disabled",
    "kernel.kptr_restrict",
    "kernel.modules_disabled",
    "kernel.perf_event_paranoid",
    "kernel.randomize_va_space",
    "kernel.sysrq",
    "kernel.unprivileged_bpf_disabled",
    "kernel.yama.ptrace_scope",
    "net.ipv4.conf.all.accept_redirects",
    "net.ipv4.conf.all.accept_source_route",
    "net.ipv4.conf.all.log_martians",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.all.secure_redirects",
    "net.ipv4.conf.all.send_redirects",
    "net.ipv4.conf.default.accept_redirects",
    "net.ipv4.conf.default.accept_source_route",
    "net.ipv4.conf.default.log_martians",
    "net.ipv4.conf.default.rp_filter",
    "net.ipv4.conf.default.secure_redirects",
    "net.ipv4.conf.default.send_redirects",
    "net.ipv4.icmp_echo_ignore_broadcasts",
    "net.ipv4.icmp_ignore_bogus_error_responses",
    "net.ipv4.ip_forward",
    "net.ipv4.tcp_syncookies",
    "net.ipv6.conf.all.accept_ra",
    "net.ipv6.conf.all.accept_redirects",
    "net.ipv6.conf.all.accept_source_route",
    "net.ipv6.conf.all.disable_ipv6",
    "net.ipv6.conf.all.forwarding",
    "net.ipv6.conf.default.accept_ra",
    "net.ipv6.conf.default.accept_redirects",
    "net.ipv6.conf.default.accept_source_route",
    "vm.mmap_min_addr",
)
_MAX_BYTES: Final = 4096


def collect(host: Host) -> Iterator[KernelParameters | Incomplete | Absent]:
    """Yield one KernelParameters with those of the list this kernel has."""
    values: dict[str, str] = {}
    problems: list[Incomplete] = []
    for name in PARAMETERS:
        path = "/proc/sys/" + name.replace(".", "/")
        try:
            values[name] = " ".join(decode(host.read(path, _MAX_BYTES)).split())
        except MISSING:
            continue
        except OSError as error:
            problems.append(unread(path, error))
    yield from problems
    if values:
        yield KernelParameters(values=values)
    elif not problems:
        yield Absent(reason="No /proc/sys on this host.")


SENSOR: Final = Sensor(
    name="kernel_parameters", title="Kernel parameters (sysctl)", records=(KernelParameters,), collect=collect
)
