"""Detached OpenPGP signatures by gpg; the key stays where gpg keeps it."""

import base64
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from scripts.packages.tree import BuildError

MARKER: Final = "pinned_key=''\n"
"""The line of packaging/install that the public key is put into."""


def sign(content: bytes, key: str) -> bytes:
    """Return the armoured detached signature of ``content`` by the gpg key named."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "content"
        path.write_bytes(content)
        return _gpg("--local-user", key, "--armor", "--output", "-", "--detach-sign", str(path))


def pin(installer: bytes, key: str | None) -> bytes:
    """Return the installer with the public key in it: trust does not come from beside what is checked (F1.67)."""
    if installer.count(MARKER.encode()) != 1:
        raise BuildError(f"packaging/install must have the line {MARKER.strip()} once")
    if key is None:
        return installer
    public = base64.b64encode(_gpg("--export-options", "export-minimal", "--export", key)).decode()
    return installer.replace(MARKER.encode(), f"pinned_key='{public}'\n".encode())


def _gpg(*arguments: str) -> bytes:
    done = subprocess.run(["gpg", "--batch", "--no-tty", *arguments], capture_output=True, check=False)  # noqa: S603, S607
    if done.returncode != 0 or not done.stdout:
        raise BuildError(f"gpg: {done.stderr.decode(errors='replace')}")
    return done.stdout
