"""The installed versions: immutable folders, and two links to the stable version and the one on trial.

``<root>/versions/<version>/``  the executable, ``release.json``, ``root.json``; created atomically
``<root>/stable``               link to the version that runs
``<root>/experiment``           link to the version on trial; exists only while a trial is due or in progress

Every step is one rename, synced before the next, so after a kill the links still lead to complete versions.
"""

import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from openinspector.agent.files.atomic_file import PARTIAL_SUFFIX, sync_folder
from openinspector.agent.operation.update_outcome import UpdateCode, UpdateError
from openinspector.model.errors import WireError
from openinspector.wire.codec import decode_json
from openinspector.wire.release import RELEASE_FILE, ROOT_FILE, Release

VERSION_FOLDER: Final = "OPENINSPECTOR_AGENT_VERSION_FOLDER"
"""Environment variable in which an entry script names its folder; a frozen program finds its own."""
STABLE: Final = "stable"
EXPERIMENT: Final = "experiment"
VERSIONS: Final = "versions"
_TARGET: Final = re.compile(r"versions/([0-9A-Za-z][0-9A-Za-z+~.-]{0,63})")
_MAX_BYTES: Final = 64 * 1024
_MAX_ROOT_BYTES: Final = 512 * 1024
_RELEASE: Final = msgspec.json.Decoder(Release)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentInstallation:
    """One install root, and the version that this process belongs to."""

    root: Path
    own: Release

    def release(self, version: str) -> Release | None:
        """Return the release in a version's folder; None if it is incomplete."""
        return read_release(self.root / VERSIONS / version)

    def slot(self, name: str) -> str | None:
        """Return the version that a slot's link points to, or None if absent."""
        try:
            found = _TARGET.fullmatch(str((self.root / name).readlink()))
        except OSError:
            return None
        return found[1] if found else None

    def trusted_root(self) -> bytes | None:
        """Return the TUF root of this process's version, or None."""
        try:
            with (self.root / VERSIONS / self.own.version / ROOT_FILE).open("rb") as file:
                return file.read(_MAX_ROOT_BYTES)
        except FileNotFoundError:
            return None

    def install(self, release: Release, unpack: Callable[[Path], None]) -> None:
        """Create the folder of a version: ``unpack`` fills a new one, which is then renamed; OSError, UpdateError."""
        folder = self.root / VERSIONS / release.version
        partial = folder.with_name(folder.name + PARTIAL_SUFFIX)
        _remove(partial)
        try:
            partial.mkdir(mode=0o755, parents=True)
            unpack(partial)
            _check_holds(partial, release)
            # A version that failed its trial may still exist; it is in no slot.
            _retire(folder)
            partial.rename(folder)
            sync_folder(folder.parent)
        except BaseException:
            _remove(partial)
            raise

    def point(self, slot: str, version: str) -> None:
        """Point a slot's link to a version atomically; raises OSError."""
        partial = self.root / f".{slot}{PARTIAL_SUFFIX}"
        partial.unlink(missing_ok=True)
        partial.symlink_to(f"{VERSIONS}/{version}")
        partial.rename(self.root / slot)
        sync_folder(self.root)

    def clear_experiment(self) -> None:
        """Remove the link of the trial; raises OSError."""
        (self.root / EXPERIMENT).unlink(missing_ok=True)
        sync_folder(self.root)

    def way_back(self, min_release: int) -> Release | None:
        """Return the newest version before the stable one that may still run, or None."""
        stable = self.slot(STABLE)
        current = self.release(stable) if stable else None
        found = [
            release
            for release in self._whole()
            if current is not None and min_release <= release.release < current.release
        ]
        return max(found, key=lambda release: release.release, default=None)

    def tidy(self, min_release: int) -> None:
        """Remove incomplete folders, and every version except stable, experiment and the previous one; OSError."""
        back = self.way_back(min_release)
        kept = {self.slot(STABLE), self.slot(EXPERIMENT), self.own.version, back.version if back else None}
        for folder in sorted((self.root / VERSIONS).iterdir()):
            if folder.name.endswith(PARTIAL_SUFFIX):
                _remove(folder)
            elif folder.name not in kept:
                _retire(folder)

    def _whole(self) -> list[Release]:
        folders = (self.root / VERSIONS).iterdir()
        return [release for folder in folders if (release := read_release(folder)) and folder.name == release.version]


def find_installation(environment: Mapping[str, str]) -> AgentInstallation:
    """Return the installation this process runs from; UpdateError if it does not run from one."""
    folder = _own_folder(environment)
    own = read_release(folder)
    if own is None or folder.name != own.version or folder.parent.name != VERSIONS:
        raise UpdateError(
            UpdateCode.UPDATE_DISABLED,
            "this agent does not run from a version's folder, so that it cannot be replaced",
        )
    return AgentInstallation(root=folder.parent.parent, own=own)


def read_release(folder: Path) -> Release | None:
    """Return a folder's ``release.json``, or None if it is absent or unreadable."""
    try:
        with (folder / RELEASE_FILE).open("rb") as file:
            return decode_json(file.read(_MAX_BYTES), _RELEASE, RELEASE_FILE)
    except (OSError, WireError):
        return None


def _check_holds(folder: Path, release: Release) -> None:
    if read_release(folder) != release:
        raise UpdateError(UpdateCode.PACKAGE_INSTALLATION_ERROR, f"the bundle's {RELEASE_FILE} is not what was signed")


def _own_folder(environment: Mapping[str, str]) -> Path:
    named = environment.get(VERSION_FOLDER)
    if named:
        return Path(named).resolve()
    return Path(sys.executable if getattr(sys, "frozen", False) else sys.argv[0]).resolve().parent


def _retire(folder: Path) -> None:
    """Remove a version: renamed first, so that a partly removed one never looks complete."""
    if folder.exists():
        partial = folder.with_name(folder.name + PARTIAL_SUFFIX + PARTIAL_SUFFIX)
        _remove(partial)
        folder.rename(partial)
        _remove(partial)


def _remove(folder: Path) -> None:
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
