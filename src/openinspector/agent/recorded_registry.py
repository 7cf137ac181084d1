"""Recorded registry: the registry of a Windows host that is looked at from outside, read from exports or hives."""

import errno
import os
from typing import Final

from openinspector.agent.config_file import MISSING
from openinspector.agent.host import Host, RegistryKey
from openinspector.agent.registry_export import MAX_EXPORT_BYTES, parse_registry_export
from openinspector.agent.registry_tree import RegistryTree
from openinspector.model.errors import SensorError

EXPORTS: Final = "C:/ProgramData/openinspector/Agent/exports"
"""Where an administrator puts what the agent cannot ask Windows for: ``*.reg``, ``*.inf``, ``hotfixes.*``."""


class RecordedRegistry:
    """The registry that the ``*.reg`` files in the folder of exports tell of, read once."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._tree: RegistryTree | None = None

    def key(self, path: str) -> RegistryKey:
        """Return a key; OSError where it is not there or an export cannot be read or understood."""
        if self._tree is None:
            self._tree = self._load()
        found = self._tree.key(path)
        if found is None:
            raise no_key(path)
        return found

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


def no_key(path: str) -> FileNotFoundError:
    """Return the error that says a key is not there."""
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
