"""The peak memory of this process, for benchmarks and tests of memory bounds."""

from pathlib import Path


def peak_memory_mib() -> float:
    """Return the largest resident set that this process has had since its program started, in MiB.

    ``ru_maxrss`` is not used: a child process inherits it from the parent that forked it (getrusage(2), ``execve``
    keeps it).
    """
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
