"""Running processes and the code they have mapped (InspectorCreateProcess, InspectorCodeModule …, F3.14, F3.24).

The sensor reads ``stat``, ``status``, ``maps`` and ``cgroup`` of each process and the targets of its ``exe`` and
``root``, never its arguments, its environment or its memory. Kernel threads do not run a file and are left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import encodable
from openinspector.agent.linux.process_table import (
    DELETED,
    ENDED,
    TICKS_A_SECOND,
    ProcessStat,
    boot_time,
    effective_user,
    executable_mappings,
    stats,
    systemd_unit,
)
from openinspector.agent.packages.file_owner import owners
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Needs, Sensor, Trigger
from openinspector.model.activity import CodeModule, ImageState, OutdatedImage, Process

MAX_PROCESSES: Final = 20_000
MAX_IDS: Final = 64
"""Process ids sent with each module; `OutdatedImage` names all that need a restart."""
_MEMORY: Final = "/memfd:"
_NO_FILES: Final = ("/dev/zero", "/SYSV", "/anon_hugepage")
"""Names of memory without a file in ``maps``."""

_Root = tuple[int, int]
"""Identity of a root folder."""
_Image = tuple[_Root, str, bool]
"""A file that runs: its root folder, its path there, and whether it has been deleted.

After an update, two files have one path: the file that older processes run, and the file on disk.
"""


def collect(host: Host) -> Iterator[Process | CodeModule | OutdatedImage | Incomplete | Absent]:
    """Yield every process, then every module, then the images that differ from the file on disk."""
    look = _Look(host)
    for stat in stats(host):
        if len(look.processes) == MAX_PROCESSES:
            look.problems.append(Incomplete(reason=f"Stopped after {MAX_PROCESSES} processes."))
            break
        look.at(stat)
    if not look.processes:
        yield Absent(reason="No processes on this host.")
        return
    if look.hidden:
        yield Incomplete(
            reason=f"{look.hidden} processes hide their programs. Run the agent as root, with CAP_SYS_PTRACE."
        )
    yield from look.problems
    yield from _records(look, owners(host, look.paths()))


@dataclass(slots=True)
class _Look:
    """The processes and images seen so far."""

    host: Host
    processes: list[tuple[Process, _Image | None]] = field(default_factory=list)
    modules: dict[_Image, list[int]] = field(default_factory=dict)
    states: dict[_Image, ImageState] = field(default_factory=dict)
    problems: list[Incomplete] = field(default_factory=list)
    hidden: int = 0
    root: _Root = (0, 0)
    booted_at: int = 0

    def __post_init__(self) -> None:
        self.root = self._root("/")
        try:
            self.booted_at = boot_time(self.host) or 0
        except OSError:
            self.problems.append(Incomplete(reason="/proc/stat could not be read: start times are unknown."))

    def at(self, stat: ProcessStat) -> None:
        """Add one process."""
        process, is_seen = stat.process_id, True
        root = self._root(f"/proc/{process}/root")
        program: _Image | None = None
        try:
            program = self._image(process, root, self.host.readlink(f"/proc/{process}/exe"))
        except ENDED:  # a zombie
            pass
        except OSError:
            is_seen = False
        mapped: list[str] = []
        executable_stack = False
        try:
            mapped, executable_stack = executable_mappings(self.host, process)
        except ENDED:
            pass
        except OSError:
            is_seen = False
        self.hidden += not is_seen
        for name in mapped:
            image = self._image(process, root, name)
            if image != program and not image[1].startswith(_NO_FILES):
                self.modules.setdefault(image, []).append(process)
        self.processes.append((self._process(stat, program, executable_stack=executable_stack), program))

    def paths(self) -> set[str]:
        """Return the paths of the images that may belong to packages of the host."""
        images = {*self.modules, *(program for _, program in self.processes if program)}
        return {path for root, path, _ in images if root == self.root and not path.startswith(_MEMORY)}

    def _process(self, stat: ProcessStat, program: _Image | None, *, executable_stack: bool) -> Process:
        started = self.booted_at + stat.start_ticks // TICKS_A_SECOND if self.booted_at else 0
        return Process(
            process_id=stat.process_id,
            parent_id=stat.parent_id,
            uid=effective_user(self.host, stat.process_id),
            name=stat.name,
            path=encodable(program[1]) if program else "",
            state=self.states[program] if program else None,
            started_at=started,
            forked=stat.forked,
            contained=program is not None and program[0] != self.root,
            executable_stack=executable_stack,
            unit=systemd_unit(self.host, stat.process_id),
        )

    def _image(self, process: int, root: _Root, name: str) -> _Image:
        path = name.removesuffix(DELETED)
        image = (root, path, name != path)
        if image not in self.states:
            self.states[image] = ImageState.CURRENT if name == path else self._gone(process, root, path)
        return image

    def _gone(self, process: int, root: _Root, path: str) -> ImageState:
        try:
            self.host.status(path if root == self.root else f"/proc/{process}/root{path}")
        except OSError:
            return ImageState.DELETED
        return ImageState.REPLACED

    def _root(self, path: str) -> _Root:
        try:
            return self.host.status(path).identity
        except OSError:
            return self.root


def _records(look: _Look, owned: Mapping[str, str]) -> Iterator[Process | CodeModule | OutdatedImage]:
    def package(image: _Image | None) -> str:
        return owned.get(image[1], "") if image and image[0] == look.root else ""

    names: dict[int, str] = {}
    outdated: list[tuple[_Image, int]] = []
    for process, program in look.processes:
        names[process.process_id] = process.name
        if program and look.states[program] is not ImageState.CURRENT:
            outdated.append((program, process.process_id))
        yield replace(process, package=package(program))
    for image, ids in sorted(look.modules.items()):
        yield CodeModule(
            path=encodable(image[1]),
            package=package(image),
            state=look.states[image],
            contained=image[0] != look.root,
            processes=len(ids),
            process_ids=tuple(ids[:MAX_IDS]),
        )
        if look.states[image] is not ImageState.CURRENT:
            outdated.extend((image, process_id) for process_id in ids)
    for image, process_id in sorted(outdated, key=lambda found: (found[1], found[0])):
        if not image[1].startswith(_MEMORY):
            yield OutdatedImage(
                process_id=process_id,
                process_name=names[process_id],
                path=encodable(image[1]),
                package=package(image),
                state=look.states[image],
            )


SENSOR: Final = Sensor(
    name="processes",
    title="Processes, the code they run and whether it is still on disk",
    records=(Process, CodeModule, OutdatedImage),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=LINUX,
    needs=Needs(root=True),
)
