"""The agent's folder on Windows: CPython, the wheels that packaging/windows/requirements.txt pins, and our modules.

CPython is the artifact of bytedeco's JavaCPP presets on Maven Central: a third party's build, good for tests. A release
needs an interpreter whose origin the project vouches for. Everything fetched is checked against a digest in this tree.
"""

import hashlib
import shutil
import zipfile
from pathlib import Path
from typing import Final

from scripts.packages.runtimes import own_modules, run, uv
from scripts.packages.tree import BuildError

ROOT: Final = Path(__file__).parents[2]
REQUIREMENTS: Final = ROOT / "packaging" / "windows" / "requirements.txt"
TEST_REQUIREMENTS: Final = ROOT / "packaging" / "windows" / "test-requirements.txt"
SITE: Final = Path("lib") / "site-packages"

_ARTIFACT: Final = "org.bytedeco:cpython:3.14.3-1.5.13:jar:windows-x86_64"
_JAR: Final = "cpython-3.14.3-1.5.13-windows-x86_64.jar"
_JAR_SHA256: Final = "3291bf3d8f405335ac21dbe55780521fdfd295b0f9f43f7e6e8c55bedd709cb3"
_INSIDE: Final = "org/bytedeco/cpython/windows-x86_64/"
_PYTHON: Final = "3.14"
_UNUSED: Final = (
    "include/",
    "share/",
    "bin/",
    "lib/idlelib/",
    "lib/test/",
    "lib/tkinter/",
    "lib/ensurepip/",
    "jnipython",
)


def fetch_interpreter(cache: Path) -> Path:
    """Return the archive of CPython in ``cache``, fetched with Maven the first time; BuildError if it is another."""
    jar = cache / _JAR
    if not jar.exists():
        plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
        run(["mvn", "-q", "-B", plugin, f"-Dartifact={_ARTIFACT}", f"-DoutputDirectory={cache}"], ROOT)
    found = hashlib.sha256(jar.read_bytes()).hexdigest()
    if found != _JAR_SHA256:
        raise BuildError(f"{jar} has the digest {found}, not {_JAR_SHA256}: delete it and see where it came from")
    return jar


def assemble(folder: Path, cache: Path, *, tests: bool = False) -> None:
    """Write the agent's folder for Windows to ``folder``; with ``tests`` also what the test suite needs.

    The library for import, ``libs/``, stays with ``tests`` only: the stand-in for python3.dll is made of it.
    """
    cache.mkdir(parents=True, exist_ok=True)
    jar = fetch_interpreter(cache)
    shutil.rmtree(folder, ignore_errors=True)
    unused = _UNUSED if tests else (*_UNUSED, "libs/")
    with zipfile.ZipFile(jar) as archive:
        for info in archive.infolist():
            path = info.filename.removeprefix(_INSIDE)
            if info.filename.startswith(_INSIDE) and not info.is_dir() and not path.startswith(unused):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(info))
    install_wheels(folder / SITE, REQUIREMENTS, *((TEST_REQUIREMENTS,) if tests else ()))
    for path, file in own_modules():
        target = folder / SITE / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)


def install_wheels(site: Path, *requirements: Path) -> None:
    """Install the wheels that the files pin into ``site``, with uv, which checks their digests; BuildError."""
    files = [option for file in requirements for option in ("--requirement", str(file))]
    platform = ["--python-version", _PYTHON, "--python-platform", "x86_64-pc-windows-msvc"]
    options = [
        "--quiet",
        "--no-config",
        "--no-deps",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "--link-mode",
        "copy",
    ]
    run([*uv(), "pip", "install", *options, *platform, "--target", str(site), *files], ROOT)
