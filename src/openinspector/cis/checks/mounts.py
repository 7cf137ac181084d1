"""File systems: folders on a partition of their own, and the options they are mounted with."""

from dataclasses import dataclass

from openinspector.cis.check import Inapplicable, Satisfied, Tailoring, Verdict, Violated, missing
from openinspector.engine.evidence import Evidence
from openinspector.model.configuration import Mount
from openinspector.model.facts import HostFacts
from openinspector.model.record import Record

_SENSOR = "mounts"


@dataclass(frozen=True, slots=True)
class OwnPartition:
    """A folder is a mount point."""

    path: str
    reads: tuple[type[Record], ...] = (Mount,)
    sensors: tuple[str, ...] = (_SENSOR,)

    @property
    def title(self) -> str:
        """The folder."""
        return f"{self.path} is a file system of its own"

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> Verdict:
        """Judge the mount table."""
        del tailoring
        gap = missing(facts, _SENSOR)
        if gap:
            return gap
        mount = _mount(facts, self.path)
        if mount is None:
            evidence = Evidence(statement=f"{self.path} is part of another file system", source="/proc/self/mounts")
            return Violated(
                evidence=evidence, remedy=f"Give {self.path} a partition or a tmpfs of its own in /etc/fstab."
            )
        return Satisfied(evidence=_mounted(mount))


@dataclass(frozen=True, slots=True)
class MountOption:
    """A mount point has an option."""

    path: str
    option: str
    reads: tuple[type[Record], ...] = (Mount,)
    sensors: tuple[str, ...] = (_SENSOR,)

    @property
    def title(self) -> str:
        """The folder and the option."""
        return f"{self.path} is mounted with {self.option}"

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> Verdict:
        """Judge the mount table; the option of a folder without a file system of its own is not judged."""
        del tailoring
        gap = missing(facts, _SENSOR)
        if gap:
            return gap
        mount = _mount(facts, self.path)
        if mount is None:
            return Inapplicable(reason=f"{self.path} is not a file system of its own.")
        if self.option not in mount.options:
            return Violated(
                evidence=_mounted(mount),
                remedy=f"Add {self.option} to the options of {self.path} in /etc/fstab or its mount unit, and run "
                f"`mount -o remount {self.path}`.",
            )
        return Satisfied(evidence=_mounted(mount))


def _mount(facts: HostFacts, path: str) -> Mount | None:
    """Return the mount that is on top at ``path``: the last one of the table."""
    found = [mount for mount in facts.all(Mount) if mount.path == path]
    return found[-1] if found else None


def _mounted(mount: Mount) -> Evidence:
    options = ",".join(mount.options)
    return Evidence(
        statement=f"{mount.path} is {mount.type} with {options or 'no options'}", source="/proc/self/mounts"
    )
