"""Memory and processor time of processes, for benchmarks and tests of memory bounds."""

import os
from pathlib import Path


def peak_memory_mib() -> float:
    """Return the largest resident set that this process has had since its program started, in MiB.

    ``ru_maxrss`` is not used: a child process inherits it from the parent that forked it (getrusage(2), ``execve``
    keeps it).
    """
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used, in user and kernel mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
