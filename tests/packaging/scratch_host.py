"""A host to install on: this machine's own files under an overlay, so that what an installation changes is a folder."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
READY = "ready\n"
NOT_OURS = (
    "tmp/",
    "var/cache/",
    "var/log/dpkg.log",
    "var/log/alternatives.log",
    "var/lib/dpkg/",
    "var/lib/rpm/",
    "run/needrestart/",
)
"""Records that package managers and their hooks keep of any package."""


def needs(*programs: str) -> None:
    """Skip, by name, where a program is not here; under CI that is a failure."""
    missing = [program for program in programs if shutil.which(program) is None]
    assert not (missing and "CI" in os.environ), f"CI must have {missing}"
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")


@dataclass(frozen=True, slots=True)
class ScratchHost:
    """A root file system of its own; network and processes are this machine's."""

    changes: Path
    """The differences from the machine: the overlay's upper folder."""
    merged: Path
    process: int

    def run(
        self, *command: str, given: str = "", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program on the host, as root."""
        return subprocess.run(
            [*_enter(self.process), "chroot", str(self.merged), *command],
            input=given,
            env={"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/root", **(env or {})},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def must(self, *command: str, given: str = "") -> str:
        """Run a program that has to succeed and return what it printed."""
        done = self.run(*command, given=given)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def write(self, path: str, text: str | bytes) -> None:
        """Put a file on the host."""
        content = text.encode() if isinstance(text, str) else text
        script = 'mkdir -p "$(dirname "$1")" && cat >"$1"'
        subprocess.run(
            [*_enter(self.process), "chroot", str(self.merged), "sh", "-c", script, "sh", path],
            input=content, env={"PATH": PATH}, check=True,
        )  # fmt: skip

    def changed(self) -> Mapping[str, tuple[int, bytes]]:
        """Return every file that is not as on the machine, with its mode and content; a removed one is empty."""
        return {
            name: (path.lstat().st_mode, _content(path))
            for path in self.changes.rglob("*")
            if not path.is_dir() or path.is_symlink()
            if not (name := path.relative_to(self.changes).as_posix()).startswith(NOT_OURS)
        }


@contextlib.contextmanager
def scratch_host(folder: Path) -> Iterator[ScratchHost]:
    """Make a host and take it away again, with whatever still runs on it."""
    for name in ("layer", "merged"):
        (folder / name).mkdir()
    script = (
        'mount -t tmpfs tmpfs "$1/layer" && mkdir "$1/layer/upper" "$1/layer/work" && '
        'mount -t overlay overlay -o "lowerdir=/,upperdir=$1/layer/upper,workdir=$1/layer/work" "$1/merged" && '
        'mount -t proc proc "$1/merged/proc" && mount --rbind /dev "$1/merged/dev" && '
        'mkdir -p "$1/merged/tmp" && mount -t tmpfs -o mode=1777 tmpfs "$1/merged/tmp" && echo ready && exec sleep 600'
    )
    holder = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    if holder.stdout.readline() != READY:
        pytest.skip(f"no scratch host here: {holder.communicate()[1].strip()}")
    root = Path(f"/proc/{holder.pid}/root")
    try:
        yield ScratchHost(root / str(folder / "layer" / "upper").lstrip("/"), folder / "merged", holder.pid)
    finally:
        for pid in _living(holder.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        holder.kill()
        holder.communicate()


def _living(holder: int) -> Sequence[int]:
    """Return the processes whose root is the host's."""
    namespace = Path(f"/proc/{holder}/ns/mnt").readlink()
    found = []
    for folder in Path("/proc").glob("[1-9]*"):
        with contextlib.suppress(OSError):
            if folder.name != str(holder) and (folder / "ns" / "mnt").readlink() == namespace:
                found.append(int(folder.name))
    return found


def _enter(process: int) -> list[str]:
    return ["nsenter", f"--mount=/proc/{process}/ns/mnt"]


def _content(path: Path) -> bytes:
    if path.is_symlink():
        return str(path.readlink()).encode()
    return path.read_bytes() if path.is_file() else b""
