"""Kernel parameters (sysctl) from ``/proc/sys`` (F5.63 rule 7, F3.21).

The sensor leaves out:

- secrets: the keys of TCP fast open and of stable IPv6 addresses, the random pool;
- counters, which are not configuration, and parameters that can only be written;
- parameters of the BPF compiler, which the kernel shows only to CAP_SYS_ADMIN, a capability that the agent lacks;
- parameters of single network interfaces other than ``all`` and ``default``: a host with containers has thousands;
- the arguments of programs that the kernel starts.
"""

import re
from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, decode, encodable, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import KernelParameters

FOLDER: Final = "/proc/sys"
MAX_PARAMETERS: Final = 5000
_MAX_DEPTH: Final = 8
_MAX_BYTES: Final = 16 * 1024
_READABLE: Final = 0o444
_WRITABLE: Final = 0o222
_LEFT_OUT: Final = re.compile(
    r"kernel/random|kernel/ns_last_pid|kernel/pty/nr|kernel/sched_domain|kernel/init_private_.*"
    r"|net/ipv4/tcp_fastopen_key|.*/stable_secret|.*/neigh|net/ipv[46]/conf/(?!all\b|default\b)[^/]+"
    r"|net/core/bpf_jit_(?:harden|kallsyms|limit)|net/netfilter/nf_conntrack_count|net/.*/flush"
    r"|fs/(?:aio-nr|dentry-state|file-nr|inode-nr|inode-state|quota|binfmt_misc)|vm/stat_refresh|dev/cdrom/info"
)
_PROGRAMS: Final = ("kernel/core_pattern", "kernel/poweroff_cmd")
NOT_SENT: Final = "(not sent)"


def collect(host: Host) -> Iterator[KernelParameters | Incomplete | Absent]:
    """Yield one KernelParameters."""
    walk = _Walk(host)
    walk.folder("", 0)
    yield from walk.problems
    if walk.values:
        yield KernelParameters(values=walk.values)
    elif not walk.problems:
        yield Absent(reason=f"No {FOLDER} on this host.")


class _Walk:
    """Walks the tree of parameters."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._room = MAX_PARAMETERS
        self.values: dict[str, str] = {}
        self.problems: list[Incomplete] = []

    def folder(self, place: str, depth: int) -> None:
        """Add the parameters below one folder; ``place`` is its path from `FOLDER`, with a slash at the end."""
        try:
            names = self._host.names(f"{FOLDER}/{place}")
        except MISSING:
            return
        except OSError as error:
            self.problems.append(unread(f"{FOLDER}/{place}", error))
            return
        for name in names:
            if self._room <= 0:
                self.problems.append(Incomplete(reason=f"Stopped after {MAX_PARAMETERS} parameters in {FOLDER}."))
                return
            if not _LEFT_OUT.fullmatch(place + name):
                self._entry(place + name, depth)

    def _entry(self, place: str, depth: int) -> None:
        path = f"{FOLDER}/{place}"
        try:
            status = self._host.status(path)
            if status.is_directory and depth < _MAX_DEPTH:
                self.folder(f"{place}/", depth + 1)
            elif not status.is_directory and (status.mode & _READABLE or not status.mode & _WRITABLE):
                self._room -= 1
                self.values[_name(place)] = _value(place, decode(self._host.read(path, _MAX_BYTES)))
        except MISSING:  # a module has been unloaded
            return
        except OSError as error:
            self.problems.append(unread(path, error))


def _value(place: str, text: str) -> str:
    words = text.split()
    if place in _PROGRAMS and len(words) > 1:
        words[1:] = [NOT_SENT]
    return " ".join(words)


def _name(place: str) -> str:
    """Return ``net.ipv4.ip_forward`` for ``net/ipv4/ip_forward``; dots in a part become slashes (sysctl(8))."""
    return encodable(".".join(part.replace(".", "/") for part in place.split("/")))


SENSOR: Final = Sensor(
    name="kernel_parameters",
    title="Kernel parameters (sysctl)",
    records=(KernelParameters,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
    max_bytes=2 * 1024 * 1024,
)
