"""Builds the console's pages from ``console/`` into the package, and writes the digest of their source beside them.

``make console`` runs it; node and npm are needed for that only. ``--check`` compares the digest: it needs neither.
"""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "console"
STATIC: Final = ROOT / "src/openinspector/service/console/static"
DIGEST: Final = "SOURCE"
_NOT_SOURCE: Final = "node_modules"


def source_digest() -> str:
    """Return the SHA-256 of every file of the source, with its name."""
    total = hashlib.sha256()
    files = (path for path in SOURCE.rglob("*") if path.is_file() and _NOT_SOURCE not in path.parts)
    for path in sorted(files, key=lambda one: one.relative_to(SOURCE).as_posix()):
        name = path.relative_to(SOURCE).as_posix()
        total.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n".encode())
    return total.hexdigest()


def build(target: Path, *, install: bool = True) -> None:
    """Build the pages into the folder ``target``, which is emptied; CalledProcessError."""
    commands = [["npm", "run", "build", "--", "--outDir", str(target), "--emptyOutDir"]]
    if install:
        commands.insert(0, ["npm", "ci", "--no-audit", "--no-fund"])
    for command in commands:
        subprocess.run(command, cwd=SOURCE, check=True, stdout=sys.stderr)  # noqa: S603 - our own source
    (target / DIGEST).write_text(f"{source_digest()}\n")


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit((STATIC / DIGEST).read_text().strip() != source_digest())
    build(STATIC)
