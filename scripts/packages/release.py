"""Release: which version is built, for what, and the time its files carry."""

import json
import os
import platform
import re
import subprocess
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from scripts.packages.tree import BuildError

from openinspector import __version__

ROOT: Final = Path(__file__).resolve().parents[2]
_PART: Final = 1000


class Runtime(StrEnum):
    """The interpreter that a package of the agent runs on."""

    PYTHON3 = "python3"
    """The host's own Python."""
    STANDALONE = "standalone"
    """An interpreter inside the package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentBuild:
    """One version of the agent as it is built now."""

    version: str
    architecture: str
    """As the kernel calls it: x86_64, aarch64."""
    epoch: int
    """Seconds since 1970: the last commit's time, the time of every file."""

    @property
    def number(self) -> int:
        """The release counter: it grows with the version and with nothing else (ADR 0026)."""
        found = re.fullmatch(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})", self.version)
        if found is None:
            raise BuildError(f"version {self.version} is not three numbers below {_PART}")
        major, minor, patch = (int(part) for part in found.groups())
        return (major * _PART + minor) * _PART + patch

    def describe(self, runtime: Runtime) -> bytes:
        """Return release.json."""
        return _json(
            {
                "version": self.version,
                "release": self.number,
                "os": "linux",
                "architecture": self.architecture,
                "runtime": runtime.value,
            }
        )


def this_release() -> AgentBuild:
    """Return the release of this checkout on this machine; its time is SOURCE_DATE_EPOCH or the last commit's."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or _last_commit()
    return AgentBuild(version=__version__, architecture=platform.machine(), epoch=int(epoch))


def _last_commit() -> str:
    shown = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    if shown.returncode != 0:
        raise BuildError("this is not a git checkout: set SOURCE_DATE_EPOCH, the time stamp of the packaged files")
    return shown.stdout.strip()


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2).encode() + b"\n"
