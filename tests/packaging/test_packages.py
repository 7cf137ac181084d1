"""Contents of the packages, as dpkg and rpm list them, and the reproducibility of the builds."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from scripts.packages import runtimes
from scripts.packages.host_files import SETTINGS, UNITS
from scripts.packages.runtimes import LIBRARIES, MODULES, PYTHONS, closure
from scripts.packages.tree import BuildError
from tests.packaging.conftest import ROOT, SignedRelease, build
from tests.packaging.scratch_host import needs

from openinspector.agent.registry import sensors

OURS = (
    "./opt/openinspector-agent/",
    "./etc/",
    "./usr/lib/openinspector-agent/",
    "./usr/bin/openinspector-agent",
    "./usr/lib/systemd/system/openinspector-",
)


def output_of(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_dpkg_reads_the_deb(release: SignedRelease) -> None:
    package = release.file("*.deb")
    fields = output_of("dpkg-deb", "--field", package)
    assert re.search(r"^Package: openinspector-agent$", fields, re.MULTILINE)
    assert re.search(r"^Depends: libc6 \(>= 2.17\), python3 \(>= 3.11\) \|", fields, re.MULTILINE)
    lines = [line.split(maxsplit=5) for line in output_of("dpkg-deb", "--contents", package).splitlines()]
    assert {owner for _, owner, *_ in lines} == {"root/root"}
    files = {path: mode for mode, *_, path in lines if not mode.startswith("d")}
    assert all(path.startswith(OURS) for path in files)
    assert files["./etc/openinspector/agent.cfg"] == "-rw-------"
    assert files["./usr/bin/openinspector-agent"] == "-rwxr-xr-x"
    assert all(mode in ("-rw-r--r--", "-rwxr-xr-x", "-rw-------") for mode in files.values())
    assert {f"./usr/lib/systemd/system/openinspector-{unit}" for unit in UNITS} <= files.keys()


def test_rpm_reads_the_rpm_and_both_packages_hold_the_same(release: SignedRelease) -> None:
    package = release.file("*.rpm")
    checked = output_of("rpm", "--checksig", "--nosignature", package)
    assert "digests OK" in checked
    assert "postinstall scriptlet" in output_of("rpm", "-qp", "--scripts", package)
    assert set(output_of("rpm", "-qp", "--configfiles", package).split()) == {f"/{path}" for path in SETTINGS}
    listed = output_of("rpm", "-qp", "--queryformat", "[%{FILEMODES:perms} %{FILEUSERNAME} %{FILENAMES}\\n]", package)
    rpm = {path: mode for mode, user, path in (line.split() for line in listed.splitlines()) if mode[0] != "d"}
    lines = [line.split(maxsplit=5) for line in output_of("dpkg-deb", "--contents", release.file("*.deb")).splitlines()]
    assert rpm == {path[1:]: mode for mode, *_, path in lines if mode[0] != "d"}


def test_the_bundle_is_the_versions_folder(release: SignedRelease, unpacked: Path) -> None:
    about = json.loads((unpacked / "release.json").read_text())
    assert about["runtime"] == "python3"
    version = f"./opt/openinspector-agent/versions/{about['version']}/"
    listed = [
        line.split(maxsplit=5)[5] for line in output_of("dpkg-deb", "--contents", release.file("*.deb")).splitlines()
    ]
    packed = {path.removeprefix(version) for path in listed if path.startswith(version) and not path.endswith("/")}
    assert packed == {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}


def test_ships_only_what_the_agent_imports(unpacked: Path) -> None:
    own = {path.name for path in (unpacked / "lib" / "openinspector").iterdir()}
    assert own == set(MODULES)
    top = {path.name.partition("-")[0].partition(".")[0] for path in (unpacked / "lib").iterdir()}
    # PyNaCl's modules are in `nacl`, its description is beside them.
    assert top == {"__main__", "openinspector", "_cffi_backend", "nacl", *closure(LIBRARIES)}
    assert not list(unpacked.rglob("*.pyc"))


def test_every_module_loads_without_host_packages(unpacked: Path) -> None:
    script = (
        "import sys, pkgutil, importlib; sys.path.insert(0, sys.argv[1]); import openinspector;"
        "names = [m.name for m in pkgutil.walk_packages(openinspector.__path__, 'openinspector.')"
        " if not m.name.endswith('__main__')];"
        "[importlib.import_module(n) for n in names]; import tuf.ngclient;"
        "print(len(names), [p for p in sys.path if 'site-packages' in p])"
    )
    count, others = output_of(sys.executable, "-I", "-S", "-B", "-c", script, unpacked / "lib").split(maxsplit=1)
    assert (int(count) > 60, others) == (True, "[]\n")


def test_a_wheel_that_is_not_the_locked_one_is_not_packed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lock = (ROOT / "requirements.lock").read_text()
    changed = re.sub(r"(?s)(msgspec==.*?)(?=\n\S+==)", lambda m: re.sub(r"sha256:\w{8}", "sha256:00000000", m[1]), lock)
    (tmp_path / "requirements.lock").write_text(changed)
    monkeypatch.setattr(runtimes, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", f"{ROOT / '.uv' / 'bin'}:{os.environ['PATH']}")
    with pytest.raises(BuildError, match=r"(?i)hash"):
        runtimes.bundled_libraries("3.11", "x86_64")


def pythons() -> list[str]:
    found = [f"/usr/bin/python{version}" for version in PYTHONS]
    found += [str(path) for path in Path("/root/.pyenv/versions").glob("3.1[1-4].*/bin/python3")]
    return [*sorted(path for path in found if os.access(path, os.X_OK)), sys.executable]


@pytest.mark.parametrize("python", pythons(), ids=lambda path: path.strip("/").replace("/", "-"))
def test_runs_on_every_available_python(unpacked: Path, python: str, tmp_path: Path) -> None:
    (tmp_path / "msgspec.py").write_text("raise SystemExit('of the host')")
    environment = {"PATH": "/usr/bin:/bin", "OPENINSPECTOR_PYTHON": python, "PYTHONPATH": str(tmp_path)}
    program = [unpacked / "openinspector-agent"]
    names = subprocess.run(
        [*program, "sensing", "names"], env=environment, cwd=tmp_path, capture_output=True, check=True
    )
    assert json.loads(names.stdout) == list(sensors())
    shown = subprocess.run([*program, "collect", "--dry-run", "--sensor", "os_release"], env=environment, check=True,
                           cwd=tmp_path, capture_output=True, text=True)  # fmt: skip
    assert "Nothing was sent" in shown.stdout
    assert not list(unpacked.rglob("__pycache__"))


def test_missing_python_has_advice(unpacked: Path, tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    text = re.sub(r"/usr/(local/)?bin/python3[.\d]*", str(old), (unpacked / "openinspector-agent").read_text())
    (tmp_path / "program").write_text(text)
    tried = subprocess.run(["sh", tmp_path / "program", "status"], capture_output=True, text=True, check=False)
    assert tried.returncode == 127
    assert "no CPython from 3.11" in tried.stderr
    assert "standalone" in tried.stderr


def test_the_sums_and_the_manifest_name_every_file(release: SignedRelease) -> None:
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=release.folder, check=True)
    named = {line.split()[1] for line in (release.folder / "SHA256SUMS").read_text().splitlines()}
    there = {path.name for path in release.folder.iterdir() if path.is_file()}
    assert named | {"SHA256SUMS", "SHA256SUMS.sig", "install.sig"} == there
    listed = {file["name"]: file for file in json.loads((release.folder / "manifest.json").read_text())["files"]}
    assert listed.keys() == named - {"manifest.json", "install"}
    assert {file["kind"] for file in listed.values()} == {"bundle", "deb", "rpm"}
    assert all((release.folder / name).stat().st_size == file["bytes"] for name, file in listed.items())


def test_gpg_verifies_both_signatures(release: SignedRelease, tmp_path: Path) -> None:
    environment = {**os.environ, "GNUPGHOME": str(release.gnupg)}
    for name in ("install", "SHA256SUMS"):
        pair = [release.folder / f"{name}.sig", release.folder / name]
        subprocess.run(["gpg", "--batch", "--verify", *pair], env=environment, capture_output=True, check=True)
        (tmp_path / name).write_bytes(pair[1].read_bytes() + b"#")
        wrong = subprocess.run(
            ["gpg", "--verify", pair[0], tmp_path / name], env=environment, capture_output=True, check=False
        )
        assert b"BAD signature" in wrong.stderr


@pytest.mark.parametrize("runtime", ["python3", "standalone"])
def test_the_same_sources_make_the_same_bytes(runtime: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Elsewhere, at another time, by another user: only the installer differs, which holds the signer's key."""
    needs("git", "tar")
    first = request.getfixturevalue("release" if runtime == "python3" else "standalone")
    epoch = output_of("git", "-C", ROOT, "log", "-1", "--format=%ct").strip()
    elsewhere = tmp_path / "some where else"
    elsewhere.mkdir()
    sources = ["src", "scripts", "packaging", "requirements.lock", "LICENSE"]
    subprocess.run(["cp", "-R", *sources, elsewhere], cwd=ROOT, check=True)
    if (ROOT / ".uv").is_dir():
        (elsewhere / ".uv").symlink_to(ROOT / ".uv")
    environment = {
        "TZ": "Asia/Tokyo", "LANG": "C", "LC_ALL": "C", "HOME": str(tmp_path), "PYTHONHASHSEED": "7",
        "SOURCE_DATE_EPOCH": epoch, "PYTHONPATH": str(elsewhere / "src"), "USER": "somebody", "LOGNAME": "somebody",
    }  # fmt: skip
    before = os.umask(0o027)
    try:
        build(tmp_path / "second", runtime, environment, elsewhere)
    finally:
        os.umask(before)
    ours, theirs = first.folder, tmp_path / "second"
    names = {path.name for path in theirs.iterdir()} - {"install", "SHA256SUMS"}
    assert len(names) >= 4
    assert [name for name in sorted(names) if (ours / name).read_bytes() != (theirs / name).read_bytes()] == []
