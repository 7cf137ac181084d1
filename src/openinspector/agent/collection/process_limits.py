"""What the sensors' process may use: the lowest priority for processor and disk, and bounded memory, files and time.

Under SCHED_IDLE Linux also takes a process's reads for those of the idle class, unless somebody gave it another
(``task_nice_ioclass``, include/linux/ioprio.h); so neither ioprio_set(2) nor a library is needed. A process that
cannot be limited, because the host's rules or its system do not let it, runs all the same.
"""

import os
import sys
from contextlib import suppress
from typing import Final

MAX_MEMORY_BYTES: Final = 224 * 1024 * 1024
"""Of address space: whatever a file holds, reading it ends in MemoryError and a sensor's status before the host feels
it. Less than the unit's MemoryMax by what the agent needs itself, so that systemd has nobody to kill."""
MAX_OPEN_FILES: Final = 256
MAX_CPU_SECONDS: Final = 600
_LOWEST: Final = 19


def limit_this_process() -> None:
    """Give this process, for good, the lowest priority and its limits. Does nothing but on Linux."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 - not on every system

        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, _LOWEST)
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        limits = {
            resource.RLIMIT_AS: MAX_MEMORY_BYTES,
            resource.RLIMIT_CPU: MAX_CPU_SECONDS,
            resource.RLIMIT_NOFILE: MAX_OPEN_FILES,
            # A core file would hold what only root may read.
            resource.RLIMIT_CORE: 0,
        }
        for kind, wanted in limits.items():
            _, most = resource.getrlimit(kind)
            bound = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
            with suppress(OSError, ValueError):
                resource.setrlimit(kind, (bound, bound))
