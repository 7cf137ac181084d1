"""Releases built once for all tests, signed by a throwaway key, and hosts to install them on."""

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.packaging.scratch_host import ScratchHost, needs, scratch_host

from openinspector.testing.simulated_gateway import SimulatedGateway

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class SignedRelease:
    """A folder as `make packages` writes it, and whose signature it bears."""

    folder: Path
    gnupg: Path
    key: str

    def file(self, pattern: str) -> Path:
        """Return the one file of that name."""
        (found,) = self.folder.glob(pattern)
        return found

    def environment(self) -> Mapping[str, str]:
        """Return what gpg and the build must know to sign with the key."""
        return {"GNUPGHOME": str(self.gnupg), "OPENINSPECTOR_SIGNING_KEY": self.key}


def build(folder: Path, runtime: str, env: Mapping[str, str], source: Path = ROOT) -> None:
    """Run the build as `make packages` does."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.packages", "--output", str(folder), "--runtime", runtime],
        cwd=source, env={**os.environ, **env}, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def _release(base: Path, runtime: str) -> SignedRelease:
    """Return the release of one runtime; the first test process that asks builds it, others wait for it."""
    needs("gpg", "rpmbuild", "objdump", "git")
    folder = base / f"release-{runtime}"
    with (base / f"{runtime}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "SHA256SUMS.sig").is_file():
            gnupg = folder / "gnupg"
            gnupg.mkdir(parents=True, mode=0o700)
            key = f"{runtime}@openinspector.invalid"
            release = SignedRelease(folder, gnupg, key)
            _gpg(gnupg, "--quick-generate-key", key, "rsa2048", "sign", "never")
            build(folder, runtime, release.environment())
            subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, "GNUPGHOME": str(gnupg)}, check=False)
    return SignedRelease(folder, folder / "gnupg", f"{runtime}@openinspector.invalid")


def _gpg(home: Path, *arguments: str) -> bytes:
    command = ["gpg", "--batch", "--no-tty", "--passphrase", "", *arguments]
    return subprocess.run(command, env={**os.environ, "GNUPGHOME": str(home)}, capture_output=True, check=True).stdout


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One folder for all processes of this test run."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def release(builds: Path) -> SignedRelease:
    return _release(builds, "python3")


@pytest.fixture(scope="session")
def unpacked(release: SignedRelease, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the version on the python3 runtime."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(release.file("*.tar.gz")) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="session")
def standalone(builds: Path) -> SignedRelease:
    return _release(builds, "standalone")


@pytest.fixture
def host() -> Iterator[ScratchHost]:
    needs("unshare", "nsenter", "chroot", "dpkg", "rpm", "flock")
    if os.geteuid() != 0:
        pytest.skip("a scratch host needs root")
    folder = Path(tempfile.mkdtemp(prefix="openinspector-host-"))
    try:
        with scratch_host(folder) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[SimulatedGateway]:
    with SimulatedGateway(tmp_path) as made:
        yield made
