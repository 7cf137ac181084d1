"""Limits of the sensor process: the lowest priority for processor and disk; bounded memory, files and time.

Under SCHED_IDLE, Linux also puts a process's reads into the idle class unless another one was set
(``task_nice_ioclass``, include/linux/ioprio.h), so neither ioprio_set(2) nor a library is needed. A process that
cannot be limited, because of the host's rules or its system, runs nevertheless.
"""

import os
import sys
from contextlib import suppress
from typing import Final

MAX_MEMORY_BYTES: Final = 224 * 1024 * 1024
"""Limit on the address space: a huge file ends in MemoryError and a sensor's status, before it affects the host.

It is the unit's MemoryMax less the agent's own needs, so that systemd does not kill anything.
"""
MAX_OPEN_FILES: Final = 256
MAX_CPU_SECONDS: Final = 600
_LOWEST: Final = 19


def limit_this_process() -> None:
    """Give this process the lowest priority and its limits permanently; only on Linux."""
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
            # A core file would hold data that only root may read.
            resource.RLIMIT_CORE: 0,
        }
        for kind, wanted in limits.items():
            _, most = resource.getrlimit(kind)
            bound = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
            with suppress(OSError, ValueError):
                resource.setrlimit(kind, (bound, bound))
