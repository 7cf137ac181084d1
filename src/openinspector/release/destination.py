"""Where releases are published: a folder or a bucket, through obstore. Each file is there whole or not at all."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url
from tuf.api.metadata import Snapshot, Timestamp

from openinspector.release.error import ReleaseError
from openinspector.release.metadata_file import parse_metadata
from openinspector.release.publication import TIMESTAMP_NAME, PublishedRelease, Upload
from openinspector.wire.release import METADATA_PATH

_BUCKET: Final = re.compile(r"(s3|gs|az)://[^@\s]+")
MAX_ROOTS: Final = 1000


class Destination:
    """A folder, or a bucket that obstore supports (``s3://``; credentials come from the environment)."""

    def __init__(self, place: str) -> None:
        """Open ``place``: a URL of a bucket, or a folder's path; ReleaseError."""
        self.place = place
        self._folder: Path | None = None
        try:
            if _BUCKET.fullmatch(place):
                self._store: ObjectStore = from_url(place)
                return
            if "://" in place:
                raise ReleaseError(f"{place.partition('://')[0]}:// is not a place to publish to", advice=_ADVICE)
            self._folder = Path(place).absolute()
            self._folder.mkdir(parents=True, exist_ok=True)
            self._store = LocalStore(self._folder)
        except (BaseError, OSError, ValueError) as error:
            raise ReleaseError(f"{place} cannot be opened: {_line(error)}", advice=_ADVICE) from error

    def read(self) -> PublishedRelease:
        """Return the published files; ReleaseError if they cannot be read."""
        timestamp = self._get(TIMESTAMP_NAME)
        if timestamp is None:
            return PublishedRelease(roots=tuple(self._roots()))
        number = parse_metadata(timestamp, Timestamp).signed.snapshot_meta.version
        snapshot = self._needed(f"{METADATA_PATH}{number}.snapshot.json")
        listed = parse_metadata(snapshot, Snapshot).signed.meta["targets.json"].version
        return PublishedRelease(
            roots=tuple(self._roots()),
            targets=self._needed(f"{METADATA_PATH}{listed}.targets.json"),
            snapshot=snapshot,
            timestamp=timestamp,
        )

    def write(self, uploads: Sequence[Upload]) -> None:
        """Write files one after the other, each synced before the next is begun; ReleaseError."""
        for upload in uploads:
            try:
                obstore.put(self._store, upload.name, upload.content, use_multipart=False)
                if self._folder is not None:
                    _sync(self._folder / upload.name)
            except (BaseError, OSError, ValueError) as error:
                raise ReleaseError(
                    f"{upload.name} cannot be written to {self.place}: {_line(error)}",
                    advice="Publish again: what agents see changes with the last file only.",
                ) from error

    def _roots(self) -> Iterator[bytes]:
        for version in range(1, MAX_ROOTS):
            content = self._get(f"{METADATA_PATH}{version}.root.json")
            if content is None:
                return
            yield content

    def _needed(self, name: str) -> bytes:
        content = self._get(name)
        if content is None:
            raise ReleaseError(f"{self.place} has no {name}, which its timestamp leads to")
        return content

    def _get(self, name: str) -> bytes | None:
        try:
            return bytes(obstore.get(self._store, name).bytes())
        except FileNotFoundError:
            return None
        except (BaseError, OSError, ValueError) as error:
            raise ReleaseError(f"{name} cannot be read from {self.place}: {_line(error)}") from error


_ADVICE: Final = "Name a folder, or s3://bucket/prefix with credentials in the environment."


def _sync(path: Path) -> None:
    for target in (path, path.parent, path.parent.parent):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__
