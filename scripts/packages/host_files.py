"""The files of a package on a host: one version, the command, services and settings. The same for .deb and .rpm."""

import re
from dataclasses import dataclass
from typing import Final

from scripts.packages.release import ROOT, AgentBuild, Runtime
from scripts.packages.tree import PROGRAM, File, Tree

NAME: Final = "openinspector-agent"
SUMMARY: Final = "agent of openinspector, the self-hosted host assessment"
DESCRIPTION: Final = (
    "Collects what an assessment needs to know about this host (packages, ports, accounts, configuration) and sends "
    "it to the organisation's own openinspector service. It opens every connection itself and has no way to run what "
    "it is sent. It does nothing before it is enrolled."
)
HOMEPAGE: Final = "https://openinspector.invalid"
MAINTAINER: Final = "openinspector <packages@openinspector.invalid>"
SETTINGS: Final = (
    "etc/openinspector/agent.cfg",
    "etc/init.d/openinspector-agent",
    "etc/cron.d/openinspector-agent",
)
"""Files of the administrator's: kept as they are when the package is upgraded."""
UNITS: Final = ("agent.service", "agent-experiment.service", "agent-update.service", "agent-update.timer")

_PRIVATE: Final = 0o600
_GLIBC: Final = re.compile(rb"GLIBC_2\.(\d{1,3})\0")
_ELF: Final = b"\x7fELF"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One version on one runtime, as packages carry it."""

    release: AgentBuild
    runtime: Runtime
    tree: Tree
    """Everything it installs, by path below /."""

    @property
    def is_standalone(self) -> bool:
        """Whether it brings its interpreter. It is the same package then, in another build of the same version."""
        return self.runtime is Runtime.STANDALONE

    def glibc(self) -> str:
        """Return the oldest glibc that everything in the package can be loaded with, as ``2.17``."""
        return glibc_of(self.tree)


def make_package(release: AgentBuild, runtime: Runtime, version: Tree) -> Package:
    """Return the package of one version's folder."""
    placed = version.below(f"opt/openinspector-agent/versions/{release.version}")
    return Package(release=release, runtime=runtime, tree=placed | _surroundings())


def glibc_of(tree: Tree) -> str:
    """Return the newest glibc that a program or library in the tree asks for."""
    asked = [int(minor) for _, file in tree if file.content.startswith(_ELF) for minor in _GLIBC.findall(file.content)]
    return f"2.{max(asked, default=0)}"


def _surroundings() -> Tree:
    settings = _read("agent.cfg", _PRIVATE)
    files = {
        "usr/bin/openinspector-agent": _read("openinspector-agent", PROGRAM),
        "etc/openinspector/agent.cfg": settings,
        "etc/openinspector/agent.cfg.orig": settings,
        "etc/init.d/openinspector-agent": _read("openinspector-agent.init", PROGRAM),
        "etc/cron.d/openinspector-agent": _read("openinspector-agent.cron"),
        "usr/lib/openinspector-agent/update": _read("update", PROGRAM),
    }
    units = {f"usr/lib/systemd/system/openinspector-{u}": _read(f"systemd/openinspector-{u}") for u in UNITS}
    return Tree(files=files | units)


def _read(name: str, mode: int = 0o644) -> File:
    return File(content=(ROOT / "packaging" / name).read_bytes(), mode=mode)
