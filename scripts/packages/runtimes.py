"""The two runtimes: what a folder ``versions/<version>`` holds, with or without an interpreter."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

from scripts.packages.archive import gzipped, tar
from scripts.packages.host_files import glibc_of
from scripts.packages.release import ROOT, AgentBuild, Runtime
from scripts.packages.tree import PROGRAM, BuildError, File, Tree, read_tree

PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
"""The host's Pythons the python3 runtime has extension modules for; packaging/launcher names them too."""
MODULES: Final = ("__init__.py", "plugins.py", "model", "wire", "agent")
"""Of our own package, what the agent needs; the service stays at home."""
LIBRARIES: Final = ("cryptography", "msgspec", "pynacl", "tuf")
NOT_NEEDED: Final = ("pycparser",)
"""cffi parses C with it while cryptography and PyNaCl are built; at run time nothing does."""
ENTRY: Final = "openinspector-agent"

_PLATFORM: Final = "manylinux2014"
"""glibc 2.17: Enterprise Linux 7, Amazon Linux 2 and newer."""
_KEPT_METADATA: Final = re.compile(r"(METADATA|licenses/.*|LICEN[CS]E.*)")
_DESCRIPTION: Final = frozenset({"release.json", "root.json"})
"""Files of an installed version: the single file is never one, and does not update itself."""
_PACKAGING: Final = ROOT / "packaging"


def python3_runtime(release: AgentBuild) -> Tree:
    """Return the agent for a Python of the host's: our modules and its libraries' wheels in one folder."""
    lib = {"__main__.py": File(content=(_PACKAGING / "program.py").read_bytes())}
    tree = Tree(files=lib) | own_modules()
    for python in PYTHONS:
        tree |= bundled_libraries(python, release.architecture)
    launcher = File(content=(_PACKAGING / "launcher").read_bytes(), mode=PROGRAM)
    return _with_description(tree.below("lib") | Tree(files={ENTRY: launcher}), release, Runtime.PYTHON3)


def standalone_runtime(release: AgentBuild) -> Tree:
    """Return the agent with an interpreter of its own."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        interpreter = _interpreter()
        python = _version_of(interpreter)
        (own_modules() | bundled_libraries(python, release.architecture)).write(folder / "source", release.epoch)
        shutil.copy(_PACKAGING / "program.py", folder / "source")
        _freeze(folder, release, interpreter)
        tree = read_tree(folder / "dist" / ENTRY)
    return _with_description(tree, release, Runtime.STANDALONE)


def single_file(version: Tree, epoch: int) -> File:
    """Return a standalone version as one program: packaging/single, and behind it the version as a gzipped tar.

    The program checks the host's glibc and finds a folder that allows execution before it unpacks. PyInstaller's own
    single file does neither, and ends with the error of the dynamic loader.
    """
    program = Tree(files={path: file for path, file in version if path not in _DESCRIPTION})
    script = (_PACKAGING / "single").read_text().replace("@GLIBC@", glibc_of(program).removeprefix("2."))
    return File(content=script.encode() + gzipped(tar(program, epoch)), mode=PROGRAM)


def own_modules() -> Tree:
    """Return our modules that the agent needs."""
    source = ROOT / "src" / "openinspector"
    whole = read_tree(source)
    return Tree(files={p: f for p, f in whole if p.partition("/")[0] in MODULES}).below("openinspector")


def closure(names: tuple[str, ...]) -> list[str]:
    """Return the libraries and what they need on every host, by their own metadata, sorted."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name not in NOT_NEEDED:
            found.add(name)
            waiting.extend(_needs(name))
    return sorted(found)


def locked(names: list[str]) -> str:
    """Return the lines of requirements.lock for the named libraries: exact versions with hashes."""
    text = (ROOT / "requirements.lock").read_text()
    entries = re.findall(r"^(\S+?)==(?:.*\\\n)+.*\n", text, re.MULTILINE)
    blocks = re.findall(r"^\S+?==(?:.*\\\n)+.*\n", text, re.MULTILINE)
    by_name = dict(zip(entries, blocks, strict=True))
    return "".join(by_name[name] for name in names)


def _needs(name: str) -> Iterator[str]:
    for requirement in distribution(name).requires or ():
        if "extra ==" not in requirement and "python_version <" not in requirement.replace("full_", ""):
            yield re.split(r"[^A-Za-z0-9-]", requirement, maxsplit=1)[0]


def bundled_libraries(python: str, architecture: str) -> Tree:
    """Return the wheels of one Python, unpacked: with hashes from the lock, never built here."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "wanted").write_text(locked(closure(LIBRARIES)))
        command = [
            *uv(), "pip", "install", "--quiet", "--no-config", "--no-deps", "--only-binary", ":all:",
            "--require-hashes", "--python-version", python, "--python-platform", f"{architecture}-{_PLATFORM}",
            "--link-mode", "copy", "--target", str(folder / "lib"), "--requirement", str(folder / "wanted"),
        ]  # fmt: skip
        run(command, folder)
        return Tree(files={path: file for path, file in read_tree(folder / "lib") if _is_shipped(path)})


def _is_shipped(path: str) -> bool:
    folder, _, rest = path.partition("/")
    if folder == "bin" or path.startswith("."):
        return False
    return not folder.endswith(".dist-info") or _KEPT_METADATA.fullmatch(rest) is not None


def uv() -> list[str]:
    """Return the command of uv; BuildError."""
    found = shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")
    if not Path(found).is_file():
        raise BuildError("uv is not here: `make packages` makes it")
    return [found]


def _interpreter() -> str:
    """Return the interpreter to freeze: one built for an old glibc (ADR 65), or the one that runs the build."""
    return os.environ.get("OPENINSPECTOR_PORTABLE_PYTHON") or sys.executable


def _version_of(interpreter: str) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([interpreter, "-I", "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise BuildError(f"{interpreter} does not run: {done.stderr}")
    return done.stdout.strip()


def _freeze(folder: Path, release: AgentBuild, interpreter: str) -> None:
    environment = {
        # What PyInstaller's bytes depend on, its manual says: the hash seed and the time.
        "PYTHONHASHSEED": "1",
        "SOURCE_DATE_EPOCH": str(release.epoch),
        "PYTHONPATH": str(folder / "source"),
        "PYINSTALLER_CONFIG_DIR": str(folder / "cache"),
    }
    shutil.copy(_PACKAGING / f"{ENTRY}.spec", folder)
    command = [interpreter, "-m", "PyInstaller", "--log-level", "WARN", "--noconfirm", f"{ENTRY}.spec"]
    run(command, folder, environment)


def run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    """Run a tool of the build in ``folder``; BuildError with what it said."""
    known = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC", **(environment or {})}
    done = subprocess.run(command, cwd=folder, env=known, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise BuildError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def _with_description(tree: Tree, release: AgentBuild, runtime: Runtime) -> Tree:
    about = {"release.json": File(content=release.describe(runtime))}
    about["LICENSE"] = File(content=(ROOT / "LICENSE").read_bytes())
    trusted = os.environ.get("OPENINSPECTOR_UPDATE_ROOT")
    if trusted:
        about["root.json"] = File(content=Path(trusted).read_bytes())
    return tree | Tree(files=about)
