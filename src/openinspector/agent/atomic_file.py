"""Files that are there whole or not at all, whatever kills the agent meanwhile."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from openinspector.agent.open_flags import PRIVATE_FILE

PRIVATE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700
PARTIAL_SUFFIX: Final = ".partial"


def write_atomically(path: Path, content: bytes, mode: int = PRIVATE) -> None:
    """Put ``content`` at ``path`` for good: temporary file, fsync, rename, fsync of the folder; raises OSError.

    Where it cannot be written whole, nothing of it stays: on a full disk that would make matters worse.
    """
    partial = path.with_name(path.name + PARTIAL_SUFFIX)
    # A file left by a crash, or a link laid by somebody else, is not written through.
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | PRIVATE_FILE, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames and removals in ``folder`` outlast a power cut."""
    # NTFS journals names, and Windows opens no folder as a file.
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def make_private_folder(path: Path) -> None:
    """Make ``path`` and what is above it; the folder itself for its owner only."""
    path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    path.chmod(PRIVATE_FOLDER)
