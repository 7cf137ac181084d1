"""Tree: a folder as a value. Whoever writes one writes the same bytes, wherever and whenever it was read."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

FILE: Final = 0o644
PROGRAM: Final = 0o755
FOLDER: Final = 0o755


class BuildError(Exception):
    """A package that cannot be built; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A regular file's content and mode."""

    content: bytes
    mode: int = FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Files by path, relative and with slashes. Folders are those that the files are in, all of mode 755."""

    files: Mapping[str, File] = field(default_factory=dict)

    def __iter__(self) -> Iterator[tuple[str, File]]:
        """Yield the files in the order of their paths."""
        return iter(sorted(self.files.items()))

    def folders(self) -> list[str]:
        """Return every folder, parents first."""
        return sorted({str(parent) for path in self.files for parent in Path(path).parents if str(parent) != "."})

    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(len(file.content) for file in self.files.values())

    def below(self, folder: str) -> "Tree":
        """Return the same tree, moved into ``folder``."""
        return Tree(files={f"{folder}/{path}": file for path, file in self.files.items()})

    def __or__(self, other: "Tree") -> "Tree":
        """Return both trees in one; a file of both must be the same in both."""
        for path in self.files.keys() & other.files.keys():
            if self.files[path] != other.files[path]:
                raise BuildError(f"two different files want to be {path}")
        return Tree(files={**self.files, **other.files})

    def write(self, folder: Path, epoch: int) -> None:
        """Write the tree below ``folder``; everything in it gets the time ``epoch``."""
        for path, file in self:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(file.content)
            (folder / path).chmod(file.mode)
        for path in [*self.files, *reversed(self.folders())]:
            os.utime(folder / path, (epoch, epoch))
        for path in self.folders():
            (folder / path).chmod(FOLDER)


def read_tree(folder: Path) -> Tree:
    """Read a folder; links are followed, bytecode is left out, and of the modes only 'executable' is kept."""
    return Tree(
        files={
            path.relative_to(folder).as_posix(): File(content=path.read_bytes(), mode=_mode(path))
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
    )


def _mode(path: Path) -> int:
    return PROGRAM if path.stat().st_mode & 0o100 else FILE
