"""A snapshot's folder: `DIR/<account>/<region>/<service>-<operation>[.json | /<percent-encoded id>]`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import click

from openinspector.network.aws.document import MAX_BYTES, NOUNS, SnapshotDocument


def read_snapshot(folder: Path) -> Iterator[SnapshotDocument]:
    """Yield the documents of a snapshot that the model reads. Links are not followed."""
    if not folder.is_dir():
        raise click.UsageError(f"{folder} is not a folder")
    for region in sorted(folder.glob("*/*")):
        if region.is_symlink() or not region.is_dir():
            continue
        for entry in sorted(region.iterdir()):
            operation = entry.name.removesuffix(".json")
            if operation not in NOUNS or entry.is_symlink():
                continue
            if entry.is_file():
                yield _document(region, operation, "", entry)
            else:
                yield from _by_id(region, operation, entry)


def _by_id(region: Path, operation: str, folder: Path) -> Iterator[SnapshotDocument]:
    for one in sorted(folder.iterdir()):
        if one.is_file() and not one.is_symlink():
            yield _document(region, operation, unquote(one.name.removesuffix(".json")), one)


_TOO_LARGE: Final = f"An error occurred: the file is larger than {MAX_BYTES} bytes".encode()
_UNREADABLE: Final = b"An error occurred: the file cannot be opened"


def _document(region: Path, operation: str, subject: str, path: Path) -> SnapshotDocument:
    try:
        content = path.read_bytes() if path.stat().st_size <= MAX_BYTES else _TOO_LARGE
    except OSError:
        content = _UNREADABLE
    return SnapshotDocument(
        account=region.parent.name, region=region.name, operation=operation, subject=subject, content=content
    )
