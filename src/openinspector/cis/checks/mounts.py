"""File systems: folders on a partition of their own, and the options they are mounted with."""

from dataclasses import dataclass

from openinspector.cis.check import SensedCheck
from openinspector.cis.host import JudgedHost
from openinspector.cis.verdict import Inapplicable, Satisfied, Verdict, Violated
from openinspector.model.configuration import Mount
from openinspector.model.evidence import Evidence
from openinspector.model.ground import setting
from openinspector.model.record import Record

_SENSOR = "mounts"


@dataclass(frozen=True, slots=True)
class OwnPartition(SensedCheck):
    """A folder is a mount point."""

    path: str
    reads: tuple[type[Record], ...] = (Mount,)
    sensors: tuple[str, ...] = (_SENSOR,)

    @property
    def title(self) -> str:
        """The folder."""
        return f"{self.path} is a file system of its own"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the mount table."""
        mount = _mount(host, self.path)
        if mount is None:
            evidence = Evidence(statement=f"{self.path} is part of another file system", source="/proc/self/mounts")
            return Violated(
                evidence=evidence,
                remedy=f"Give {self.path} a partition or a tmpfs of its own in /etc/fstab.",
                grounds=(setting(self.path, "part of another file system"),),
            )
        return Satisfied(evidence=_mounted(mount))


@dataclass(frozen=True, slots=True)
class MountOption(SensedCheck):
    """A mount point has an option."""

    path: str
    option: str
    reads: tuple[type[Record], ...] = (Mount,)
    sensors: tuple[str, ...] = (_SENSOR,)

    @property
    def title(self) -> str:
        """The folder and the option."""
        return f"{self.path} is mounted with {self.option}"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the mount table; the option of a folder without a file system of its own is not judged."""
        mount = _mount(host, self.path)
        if mount is None:
            return Inapplicable(reason=f"{self.path} is not a file system of its own.")
        if self.option not in mount.options:
            return Violated(
                evidence=_mounted(mount),
                remedy=f"Add {self.option} to the options of {self.path} in /etc/fstab or its mount unit, and run "
                f"`mount -o remount {self.path}`.",
                grounds=(setting(f"mount options of {self.path}", ",".join(sorted(mount.options))),),
            )
        return Satisfied(evidence=_mounted(mount))


def _mount(host: JudgedHost, path: str) -> Mount | None:
    """Return the mount that is on top at ``path``: the last one of the table."""
    found = [mount for mount in host.all(Mount) if mount.path == path]
    return found[-1] if found else None


def _mounted(mount: Mount) -> Evidence:
    options = ",".join(mount.options)
    return Evidence(
        statement=f"{mount.path} is {mount.type} with {options or 'no options'}", source="/proc/self/mounts"
    )
