"""The release folder: drafts that go from key holder to key holder, and the bundles they list.

``<n>.root.json``  every root from 1 on; the last may lack signatures.
``targets.json``   the list of releases; may lack signatures.
``bundles/``       bundles that are listed and perhaps not published yet.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tuf.api.metadata import Metadata, Root, Targets

from openinspector.release.error import ReleaseError
from openinspector.release.metadata_file import SignatureStatus, parse_metadata, render_metadata, signature_status

TARGETS_FILE: Final = "targets.json"
BUNDLES: Final = "bundles"
_ROOT: Final = re.compile(r"([1-9][0-9]{0,5})\.root\.json")


class ReleaseFolder:
    """Drafts on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def roots(self) -> Sequence[Metadata[Root]]:
        """Return every root, version 1 first. Raises ReleaseError if one is missing."""
        names = [path.name for path in self.folder.iterdir()] if self.folder.is_dir() else []
        numbers = sorted(int(found[1]) for name in names if (found := _ROOT.fullmatch(name)))
        if not numbers or numbers != list(range(1, len(numbers) + 1)):
            raise ReleaseError(
                f"{self.folder} does not hold every root from 1.root.json on", advice="Begin with: release init"
            )
        return [parse_metadata(self._read(f"{number}.root.json"), Root) for number in numbers]

    def targets(self) -> Metadata[Targets]:
        """Return the list of releases; ReleaseError."""
        return parse_metadata(self._read(TARGETS_FILE), Targets)

    def bundle(self, name: str) -> bytes | None:
        """Return a bundle, or None."""
        path = self.folder / BUNDLES / name
        return path.read_bytes() if path.is_file() else None

    def save(self, metadata: Metadata[Any]) -> Path:
        """Write a draft; returns its path."""
        name = TARGETS_FILE if isinstance(metadata.signed, Targets) else f"{metadata.signed.version}.root.json"
        return self._write(name, render_metadata(metadata))

    def save_bundle(self, name: str, content: bytes) -> None:
        """Keep a bundle until it is published."""
        self._write(f"{BUNDLES}/{name}", content)

    def trust_of(self, metadata: Metadata[Any]) -> tuple[Root, Root | None]:
        """Return the root that says who signs a draft, and for a root the one before it."""
        roots = self.roots()
        if not isinstance(metadata.signed, Root):
            return roots[-1].signed, None
        before = metadata.signed.version - 2
        return metadata.signed, roots[before].signed if 0 <= before < len(roots) else None

    def signature_statuses(self) -> Sequence[SignatureStatus]:
        """Return the signature status of each draft: every root, then the list of targets."""
        drafts: list[Metadata[Any]] = [*self.roots(), self.targets()]
        return [signature_status(draft, *self.trust_of(draft)) for draft in drafts]

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise ReleaseError(f"{self.folder / name} cannot be read: {error.strerror}") from error

    def _write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        partial = path.with_name(f"{path.name}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError as error:
            raise ReleaseError(f"{path} cannot be written: {error.strerror}") from error
        return path
