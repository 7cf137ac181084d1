"""The registry of a Windows host that is examined from outside, read from exports or hives."""

import errno
import os
from typing import Final

from openinspector.agent.host import Host, RegistryKey
from openinspector.agent.linux.config_file import MISSING
from openinspector.agent.windows.registry_export import MAX_EXPORT_BYTES, parse_registry_export
from openinspector.agent.windows.registry_hive import MAX_HIVE_BYTES, RegistryHive
from openinspector.agent.windows.registry_tree import RegistryTree
from openinspector.model.errors import SensorError

EXPORTS: Final = "C:/ProgramData/openinspector/Agent/exports"
"""Folder for an administrator's exports that the agent cannot make: ``*.reg``, ``*.inf``, ``hotfixes.*``."""


HIVES: Final = "C:/Windows/System32/config"
_MACHINE: Final = "hkey_local_machine"
_MACHINE_HIVES: Final = ("SOFTWARE", "SYSTEM")
_CONTROL_SET: Final = "currentcontrolset"


class RecordedRegistry:
    """The registry in the ``*.reg`` files of the folder of exports and in the hives of the disk, read once.

    An exported key overrides the key of the same path in the hives SOFTWARE and SYSTEM.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._tree: RegistryTree | None = None
        self._hives: dict[str, RegistryHive | None] = {}

    def key(self, path: str) -> RegistryKey:
        """Return a key; raise OSError if it does not exist, or if an export or hive cannot be read or parsed."""
        if self._tree is None:
            self._tree = self._load()
        found = self._tree.key(path) or self._of_hive(path)
        if found is None:
            raise no_key(path)
        return found

    def _of_hive(self, path: str) -> RegistryKey | None:
        root, name, *below = [*path.split("\\"), ""]
        hive = name.upper()
        if root.casefold() != _MACHINE or hive not in _MACHINE_HIVES:
            return None
        file = f"{HIVES}/{hive}"
        try:
            if hive not in self._hives:
                self._hives[hive] = self._open(file)
            opened = self._hives[hive]
            return _key_of(opened, [part for part in below if part]) if opened else None
        except SensorError as error:
            raise OSError(errno.EINVAL, str(error), file) from error

    def _open(self, file: str) -> RegistryHive | None:
        try:
            return RegistryHive(self._host.read(file, MAX_HIVE_BYTES))
        except MISSING:
            return None

    def _load(self) -> RegistryTree:
        tree = RegistryTree()
        try:
            names = self._host.names(EXPORTS)
        except MISSING:
            return tree
        for name in names:
            if name.lower().endswith(".reg"):
                path = f"{EXPORTS}/{name}"
                try:
                    parse_registry_export(self._host.read(path, MAX_EXPORT_BYTES), tree)
                except SensorError as error:
                    raise OSError(errno.EINVAL, str(error), path) from error
        return tree


def _key_of(hive: RegistryHive, names: list[str]) -> RegistryKey | None:
    """Return a key of a hive; CurrentControlSet exists only while Windows runs, so the key Select resolves it."""
    if names and names[0].casefold() == _CONTROL_SET:
        select = hive.key(["Select"])
        current = select.number("Current") if select else None
        names = [f"ControlSet{current or 1:03}", *names[1:]]
    return hive.key(names)


def no_key(path: str) -> FileNotFoundError:
    """Return the error for a key that does not exist."""
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
