"""Processes in ``/proc`` (proc_pid_stat(5), proc_pid_status(5), proc_pid_maps(5), proc_stat(5), cgroups(7))."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, decode

TICKS_A_SECOND: Final = 100
"""USER_HZ, the same on every architecture that Linux still supports."""
ENDED: Final = (*MISSING, ProcessLookupError)
"""Errors of a host for a process that has ended."""
DELETED: Final = " (deleted)"
"""Suffix that Linux adds to the path of a deleted file, as after an update."""
_MAX_BYTES: Final = 64 * 1024
_MAX_MAPS_BYTES: Final = 16 * 1024 * 1024
_FORKED: Final = 0x00000040
_KERNEL_THREAD: Final = 0x00200000
"""PF_FORKNOEXEC and PF_KTHREAD of include/linux/sched.h."""
_PARENT, _FLAGS, _USER_TIME, _SYSTEM_TIME, _THREADS, _START, _PAGES = 1, 6, 11, 12, 17, 19, 21
"""Fields after the name, which is the second field and may hold anything, even closing brackets."""
_UID: Final = re.compile(rb"^Uid:\s+\d+\s+(\d{1,10})\b", re.MULTILINE)
_BOOT: Final = re.compile(rb"^btime (\d{1,12})$", re.MULTILINE)
_EXECUTABLE: Final = re.compile(rb"^[0-9a-f]+-[0-9a-f]+ [r-][w-]x[ps] \S+ \S+ \d+ +([/\[].*)$", re.MULTILINE)
_GROUPS: Final = re.compile(rb"^(?:0:|[0-9]+:name=systemd):(/.*)$", re.MULTILINE)
"""systemd's own hierarchy: version 2, the named one of version 1, or both."""
_UNIT: Final = re.compile(r"[A-Za-z0-9:_.\\@-]{1,240}\.(?:service|scope)")
_STACK: Final = b"[stack]"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStat:
    """One process from its ``stat`` file. Times are ticks; a second has `TICKS_A_SECOND`."""

    process_id: int
    name: str
    parent_id: int
    forked: bool
    kernel_thread: bool
    cpu_ticks: int
    threads: int
    start_ticks: int
    """Since boot."""
    resident_pages: int


def stats(host: Host) -> Iterator[ProcessStat]:
    """Yield every process except kernel threads; raise OSError if processes cannot be listed."""
    for process in host.processes():
        try:
            found = parse_stat(process, host.read(f"/proc/{process}/stat", _MAX_BYTES))
        except OSError:  # it has ended
            continue
        if found is not None and not found.kernel_thread:
            yield found


def parse_stat(process: int, data: bytes) -> ProcessStat | None:
    """Return the content of a ``stat`` file, or None if it is invalid."""
    head, _, tail = data.rpartition(b")")
    fields = tail.split()
    try:
        flags = int(fields[_FLAGS])
        return ProcessStat(
            process_id=process,
            name=decode(head.partition(b"(")[2]),
            parent_id=_number(fields[_PARENT]),
            forked=bool(flags & _FORKED),
            kernel_thread=bool(flags & _KERNEL_THREAD),
            cpu_ticks=_number(fields[_USER_TIME]) + _number(fields[_SYSTEM_TIME]),
            threads=_number(fields[_THREADS]),
            start_ticks=_number(fields[_START]),
            resident_pages=_number(fields[_PAGES]),
        )
    except (ValueError, IndexError):
        return None


def effective_user(host: Host, process: int) -> int | None:
    """Return the effective user id of a process, or None if it cannot be seen."""
    try:
        found = _UID.search(host.read(f"/proc/{process}/status", _MAX_BYTES))
    except OSError:
        return None
    return int(found[1]) if found else None


def executable_mappings(host: Host, process: int) -> tuple[list[str], bool]:
    """Return the files that a process has mapped executable, and whether its stack is; raise OSError.

    Each file is listed once, named as the kernel writes it: deleted files end in `DELETED`.
    """
    found = dict.fromkeys(_EXECUTABLE.findall(host.read(f"/proc/{process}/maps", _MAX_MAPS_BYTES)))
    files = [name.decode(errors="surrogateescape") for name in found if name.startswith(b"/")]
    return files, _STACK in found


def systemd_unit(host: Host, process: int) -> str:
    """Return the outermost systemd service or scope of a process; empty if there is none.

    A user's own services belong to ``user@1000.service``, a service's own control groups to the service.
    """
    try:
        found = _GROUPS.findall(host.read(f"/proc/{process}/cgroup", _MAX_BYTES))
    except OSError:
        return ""
    parts = (part for path in found for part in path.decode(errors="replace").split("/"))
    return next((part for part in parts if _UNIT.fullmatch(part)), "")


def boot_time(host: Host) -> int | None:
    """Return the time of boot in seconds since 1970-01-01, or None if unknown."""
    try:
        found = _BOOT.search(host.read("/proc/stat"))
    except MISSING:
        return None
    return int(found[1]) if found else None


def _number(field: bytes) -> int:
    """Return the number in a field; raise ValueError if it needs more than 64 bits."""
    number = int(field) if len(field) <= 20 else -1  # noqa: PLR2004 - digits of 2**64
    if not 0 <= number < 2**63:
        raise ValueError(field[:32])
    return number
