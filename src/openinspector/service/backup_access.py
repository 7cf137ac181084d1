"""Backups of an installation: copies of its two databases and the list of its objects, without master keys.

A folder holds ``workflows``, ``database``, ``objects.txt`` and ``backup.json``, which is written last. The workflows
are copied first: a restored workflow then repeats steps whose effects are stored already, and never misses one.
Objects stay in their store, which has copies of its own; the list shows what is absent after a restore.
"""

import hashlib
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from openinspector import __version__
from openinspector.model.errors import StoreError
from openinspector.service.settings import Settings
from openinspector.service.store_access import open_shared_secrets, open_stores, open_telemetry
from openinspector.service.stores.database_copy import copy_database, load_database
from openinspector.service.stores.object_store_obstore import ObstoreObjectStore

_SUMMARY: Final = "backup.json"
_DATABASE: Final = "database"
_WORKFLOWS: Final = "workflows"
_OBJECTS: Final = "objects.txt"


class Backup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Summary of a backup."""

    version: str
    """Version of openinspector that made it."""
    engine: str
    """``sqlite`` or ``postgresql``."""
    objects: int
    digests: dict[str, str]
    """SHA-256 of each file, in hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """Result of a restore."""

    backup: Backup
    shredded_again: int
    """Runs that were shredded after the backup was made."""
    absent_objects: tuple[str, ...]
    """Objects of the list that the object store does not have and that were not shredded."""


def make_backup(settings: Settings, folder: Path) -> Backup:
    """Write a backup into the new folder ``folder``, readable by its owner only. StoreError."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as refused:
        raise StoreError(
            f"{folder} cannot be made: {refused.strerror}", advice="Name a folder that is new."
        ) from refused
    copy_database(settings.workflow_database, folder / _WORKFLOWS)
    copy_database(settings.database, folder / _DATABASE)
    names = sorted(ObstoreObjectStore.from_url(settings.objects).names(""))
    (folder / _OBJECTS).write_text("".join(f"{name}\n" for name in names))
    backup = Backup(version=__version__, engine=_engine(settings), objects=len(names), digests=_digests(folder))
    (folder / _SUMMARY).write_bytes(msgspec.json.format(msgspec.json.encode(backup)))
    return backup


def restore_backup(settings: Settings, folder: Path) -> Restored:
    """Fill the empty databases of ``settings`` from a backup, and shred again what was shredded since. StoreError."""
    backup = _read(folder)
    if backup.engine != _engine(settings):
        raise StoreError(f"this is a backup of {backup.engine}, but the settings name {_engine(settings)}")
    load_database(settings.workflow_database, folder / _WORKFLOWS)
    load_database(settings.database, folder / _DATABASE)
    stores = open_stores(settings)
    open_shared_secrets(stores).check()
    receipts = open_telemetry(settings, stores).shred_again()
    listed = (folder / _OBJECTS).read_text().splitlines()
    absent = _absent(listed, frozenset(stores.objects.names("")))
    return Restored(backup=backup, shredded_again=len(receipts), absent_objects=absent)


def _absent(listed: Sequence[str], present: AbstractSet[str]) -> tuple[str, ...]:
    """Return the telemetry and reports that were lost; objects of shredded runs were not."""
    shredded = {name.partition("/")[2] for name in present if name.startswith("shredded/")}
    lasting = (name for name in listed if name.startswith(("telemetry/", "reports/")) and name not in present)
    return tuple(name for name in lasting if name.split("/")[1] not in shredded)


def _engine(settings: Settings) -> str:
    return settings.database.partition(":")[0].partition("+")[0]


def _digests(folder: Path) -> dict[str, str]:
    digests = {}
    for name in (_WORKFLOWS, _DATABASE, _OBJECTS):
        with (folder / name).open("rb") as file:
            digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def _read(folder: Path) -> Backup:
    try:
        backup = msgspec.json.decode((folder / _SUMMARY).read_bytes(), type=Backup)
        damaged = [name for name, digest in _digests(folder).items() if backup.digests.get(name) != digest]
    except (OSError, msgspec.MsgspecError) as refused:
        raise StoreError(f"{folder} is not a whole backup: {refused}") from refused
    if damaged:
        raise StoreError(f"the backup {folder} is damaged: {', '.join(damaged)}")
    return backup
