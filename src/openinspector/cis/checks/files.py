"""Files: owners and modes of listed paths, files that must or must not exist, anomalies anywhere on the host."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openinspector.cis.host import JudgedHost
from openinspector.cis.pattern import matcher
from openinspector.cis.verdict import Inapplicable, Satisfied, Verdict, Violated
from openinspector.model.evidence import Evidence
from openinspector.model.ground import Ground, setting, subject
from openinspector.model.hardening import AnomalyKind, FileAnomalies, FileAttributes, FileKind
from openinspector.model.record import Record

_ATTRIBUTES: Final = "file_attributes"
_ANOMALIES: Final = "file_anomalies"
_MAX_NAMED: Final = 2
_MAX_LISTED: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """Paths have at most the permissions of a mode, and one of some owners and groups."""

    paths: tuple[str, ...]
    """Paths or patterns; those that do not exist are passed over."""
    mode: int | None = None
    """Permissions that are allowed; None if the mode is not judged."""
    owners: tuple[str, ...] = ()
    """Empty if the owner is not judged."""
    groups: tuple[str, ...] = ()
    kind: FileKind | None = None
    """Only paths of this kind; None means any."""
    excluding: tuple[str, ...] = ()
    """Paths and patterns that are not judged."""
    reads: tuple[type[Record], ...] = (FileAttributes,)
    sensors: tuple[str, ...] = (_ATTRIBUTES,)

    @property
    def title(self) -> str:
        """The paths and what is allowed."""
        wanted = []
        if self.mode is not None:
            wanted.append(f"mode {self.mode:04o} or stricter")
        if self.owners:
            wanted.append(f"owner {' or '.join(self.owners)}")
        if self.groups:
            wanted.append(f"group {' or '.join(self.groups)}")
        more = len(self.paths) - _MAX_NAMED
        named = ", ".join(self.paths[:_MAX_NAMED]) + (f" and {more} others" if more > 0 else "")
        return f"{named} {'has' if len(self.paths) == 1 else 'have'} {', '.join(wanted)}"

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge every path that exists."""
        is_named, is_excluded = matcher(self.paths), matcher(self.excluding)
        found = [
            file
            for file in host.all(FileAttributes)
            if is_named(file.path) and not is_excluded(file.path) and self.kind in (None, file.kind)
        ]
        gap = host.missing(_ATTRIBUTES)
        if gap and not found:
            return gap
        if not found:
            return Inapplicable(reason=f"{', '.join(self.paths)}: not on this host.")
        wrong = [file for file in found if self._faults(file)]
        if wrong:
            return Violated(
                evidence=Evidence(
                    statement=f"{len(wrong)} of {len(found)} files do not meet: {self.title}",
                    because=tuple(_described(file) for file in wrong[:_MAX_LISTED]),
                ),
                remedy=self._remedy([file.path for file in wrong]),
                grounds=tuple(_grounds(wrong)),
            )
        if gap:
            return gap
        return Satisfied(
            evidence=Evidence(statement=self.title, because=tuple(_described(file) for file in found[:_MAX_LISTED]))
        )

    def _faults(self, file: FileAttributes) -> bool:
        return (
            (self.mode is not None and bool(file.mode & ~self.mode & 0o7777))
            or (bool(self.owners) and (file.owner or str(file.uid)) not in self.owners)
            or (bool(self.groups) and (file.group or str(file.gid)) not in self.groups)
        )

    def _remedy(self, paths: list[str]) -> str:
        shown = " ".join(paths[:_MAX_LISTED])
        commands = []
        if self.owners or self.groups:
            owner = (self.owners or ("",))[0] + (f":{self.groups[0]}" if self.groups else "")
            commands.append(f"`chown {owner} {shown}`")
        if self.mode is not None:
            excess = f"{0o7777 & ~self.mode:04o}"
            commands.append(f"`chmod -{excess} {shown}`")
        return f"Run {' and '.join(commands)}."


@dataclass(frozen=True, slots=True)
class Exists:
    """A file exists, or does not (``present`` False)."""

    path: str
    present: bool = True
    reads: tuple[type[Record], ...] = (FileAttributes,)
    sensors: tuple[str, ...] = (_ATTRIBUTES,)

    @property
    def title(self) -> str:
        """The path."""
        return f"{self.path} {'exists' if self.present else 'does not exist'}"

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge whether the path was found."""
        file = next((file for file in host.all(FileAttributes) if file.path == self.path), None)
        gap = host.missing(_ATTRIBUTES)
        if gap and file is None:
            return gap
        if (file is not None) == self.present:
            return Satisfied(evidence=_described(file) if file else Evidence(statement=f"{self.path} does not exist"))
        remedy = f"Create {self.path}, owned by root." if self.present else f"Remove {self.path}."
        return Violated(
            evidence=_described(file) if file else Evidence(statement=f"{self.path} does not exist"),
            remedy=remedy,
            grounds=(setting(self.path, "exists" if file else "does not exist"),),
        )


_ANOMALY_TEXT: Final = {
    AnomalyKind.WORLD_WRITABLE_FILE: ("No file is writable by everybody", "Run `chmod o-w` on each."),
    AnomalyKind.WORLD_WRITABLE_DIRECTORY: (
        "Every folder that everybody may write to has the sticky bit",
        "Run `chmod a+t` on each.",
    ),
    AnomalyKind.UNOWNED: ("Every file has an owner", "Give each an owner with `chown`, or remove it."),
    AnomalyKind.UNGROUPED: ("Every file has a group", "Give each a group with `chgrp`, or remove it."),
}


@dataclass(frozen=True, slots=True)
class NoAnomaly:
    """No file of the local file systems has an anomaly."""

    kind: AnomalyKind
    reads: tuple[type[Record], ...] = (FileAnomalies,)
    sensors: tuple[str, ...] = (_ANOMALIES,)

    @property
    def title(self) -> str:
        """The requirement."""
        return _ANOMALY_TEXT[self.kind][0]

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge what the walk of the file systems found; an incomplete walk never satisfies."""
        found = next((each for each in host.all(FileAnomalies) if each.kind is self.kind), None)
        if found is not None and found.count:
            because = tuple(Evidence(statement=path) for path in found.paths[:_MAX_LISTED])
            return Violated(
                evidence=Evidence(statement=f"{found.count} files: not met: {self.title}", because=because),
                remedy=_ANOMALY_TEXT[self.kind][1],
                grounds=tuple(subject(self.kind, path) for path in found.paths),
            )
        gap = host.missing(_ANOMALIES)
        if gap:
            return gap
        if found is None:
            return Inapplicable(reason="The host has no local file systems that were walked.")
        return Satisfied(evidence=Evidence(statement=self.title, source="walk of the local file systems"))


def _described(file: FileAttributes) -> Evidence:
    owner, group = file.owner or str(file.uid), file.group or str(file.gid)
    return Evidence(statement=f"{file.path} has mode {file.mode:04o} and belongs to {owner}:{group}", source=file.path)


def _grounds(wrong: list[FileAttributes]) -> Iterator[Ground]:
    for file in wrong:
        yield subject("file", f"{file.path} {file.mode:04o} {file.owner or file.uid}:{file.group or file.gid}")
