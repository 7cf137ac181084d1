"""A snapshot's folder: `DIR/<account>/<region>/<service>-<operation>[.json | /<percent-encoded id>]`."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from openinspector.model.errors import StoreError
from openinspector.network.aws.document import MAX_BYTES, NOUNS, SnapshotDocument
from openinspector.network.aws.read_call import calls
from openinspector.network.snapshot import FAILED_CALL, Snapshot, failed_calls, snapshot_of

_OPERATIONS: Final = frozenset(NOUNS) | {call.operation for call in calls(extra_reads=True)}
_TOO_LARGE: Final = FAILED_CALL + f": the file is larger than {MAX_BYTES} bytes".encode()
_UNREADABLE: Final = FAILED_CALL + b": the file cannot be opened"


def read_snapshot(folder: Path) -> Iterator[SnapshotDocument]:
    """Yield the documents of a snapshot that the model or the collector reads; StoreError. Links are not followed."""
    if not folder.is_dir():
        raise StoreError(f"there is no folder {folder}", advice="Name a folder DIR/<account>/<region>/.")
    for region in sorted(folder.glob("*/*")):
        if region.is_symlink() or not region.is_dir():
            continue
        for entry in sorted(region.iterdir()):
            operation = entry.name.removesuffix(".json")
            if operation not in _OPERATIONS or entry.is_symlink():
                continue
            if entry.is_file():
                yield _document(region, operation, "", entry)
            else:
                yield from _by_id(region, operation, entry)


def load_snapshot(folder: Path) -> Snapshot:
    """Return the snapshot in a folder; its time is that of the newest file. StoreError."""
    documents = tuple(read_snapshot(folder))
    newest = max((path.stat().st_mtime for path in folder.glob("*/*/*") if path.exists()), default=0.0)
    return snapshot_of(documents, failed_calls(documents), datetime.fromtimestamp(newest, UTC))


def write_snapshot(folder: Path, snapshot: Snapshot) -> None:
    """Write a snapshot into an empty or new folder, readable by its owner alone; StoreError."""
    if folder.exists() and any(folder.iterdir()):
        raise StoreError(f"the folder {folder} is not empty", advice="Name a new folder.")
    for document in snapshot.documents:
        place = folder / quote(document.account, safe="") / quote(document.region, safe="")
        if document.subject:
            path = place / document.operation / quote(document.subject, safe="")
        else:
            path = place / f"{document.operation}.json"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as output:
            output.write(document.content)


def _by_id(region: Path, operation: str, folder: Path) -> Iterator[SnapshotDocument]:
    for one in sorted(folder.iterdir()):
        if one.is_file() and not one.is_symlink():
            yield _document(region, operation, unquote(one.name.removesuffix(".json")), one)


def _document(region: Path, operation: str, subject: str, path: Path) -> SnapshotDocument:
    try:
        content = path.read_bytes() if path.stat().st_size <= MAX_BYTES else _TOO_LARGE
    except OSError:
        content = _UNREADABLE
    return SnapshotDocument(
        account=region.parent.name, region=region.name, operation=operation, subject=subject, content=content
    )
