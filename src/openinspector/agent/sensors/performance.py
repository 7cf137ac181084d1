"""Resource use of host and processes (InspectorSystemPerformance, InspectorProcessPerformance, F3.14, F3.16)."""

import mmap
import re
from collections.abc import Iterator, Mapping
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, decode, unread
from openinspector.agent.linux.process_table import TICKS_A_SECOND, stats
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.activity import ProcessPerformance, SystemPerformance

STAT: Final = "/proc/stat"
MEMORY: Final = "/proc/meminfo"
LOAD: Final = "/proc/loadavg"
UPTIME: Final = "/proc/uptime"
_MAX_BYTES: Final = 4 * 1024 * 1024
_KIBIBYTE: Final = 1024
_CPU: Final = re.compile(r"^cpu ((?: +\d{1,19}){5})", re.MULTILINE)
_ONE_CPU: Final = re.compile(r"^cpu\d+ ", re.MULTILINE)
_MEMORY_LINE: Final = re.compile(r"^(\w+): +(\d{1,15}) kB$", re.MULTILINE)
_DECIMAL: Final = re.compile(r"\d{1,12}\.\d{1,6}")


def collect(host: Host) -> Iterator[SystemPerformance | ProcessPerformance | Incomplete | Absent]:
    """Yield the one SystemPerformance, then each process except kernel threads."""
    problems: list[Incomplete] = []
    texts = {path: _text(host, path, problems) for path in (STAT, MEMORY, LOAD, UPTIME)}
    yield from problems
    if any(texts.values()):
        yield _system(texts)
    elif not problems:
        yield Absent(reason="No /proc on this host.")
        return
    for stat in stats(host):
        yield ProcessPerformance(
            process_id=stat.process_id,
            name=stat.name,
            cpu_seconds=stat.cpu_ticks / TICKS_A_SECOND,
            resident_bytes=stat.resident_pages * mmap.PAGESIZE,
            threads=stat.threads,
        )


def _system(texts: Mapping[str, str]) -> SystemPerformance:
    memory = {name: int(size) * _KIBIBYTE for name, size in _MEMORY_LINE.findall(texts[MEMORY])}
    loads = [float(number) for number in _DECIMAL.findall(texts[LOAD])]
    uptime = _DECIMAL.match(texts[UPTIME])
    found = _CPU.search(texts[STAT])
    user, nice, system, idle, waiting = (
        (int(word) / TICKS_A_SECOND for word in found[1].split()) if found else _NO_TIMES
    )
    return SystemPerformance(
        processors=len(_ONE_CPU.findall(texts[STAT])) or None,
        load_1=_at(loads, 0),
        load_5=_at(loads, 1),
        load_15=_at(loads, 2),
        memory_bytes=memory.get("MemTotal"),
        memory_available_bytes=memory.get("MemAvailable"),
        swap_bytes=memory.get("SwapTotal"),
        swap_free_bytes=memory.get("SwapFree"),
        uptime_seconds=float(uptime[0]) if uptime else None,
        busy_seconds=user + nice + system if found else None,
        waiting_seconds=waiting if found else None,
        idle_seconds=idle if found else None,
    )


_NO_TIMES: Final = (0.0, 0.0, 0.0, 0.0, 0.0)


def _at(numbers: list[float], index: int) -> float | None:
    return numbers[index] if index < len(numbers) else None


def _text(host: Host, path: str, problems: list[Incomplete]) -> str:
    try:
        return decode(host.read(path, _MAX_BYTES))
    except MISSING:
        return ""
    except OSError as error:
        problems.append(unread(path, error))
        return ""


SENSOR: Final = Sensor(
    name="performance",
    title="Resource use of the host and its processes",
    records=(SystemPerformance, ProcessPerformance),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=LINUX,
    max_bytes=4 * 1024 * 1024,
)
