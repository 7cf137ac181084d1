"""`make packages`: writes every package of this checkout's version to a folder."""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.packages.archive import gzipped, tar
from scripts.packages.debian import deb
from scripts.packages.host_files import glibc_of, make_package
from scripts.packages.redhat import rpm
from scripts.packages.release import ROOT, AgentBuild, Runtime, this_release
from scripts.packages.runtimes import python3_runtime, single_file, standalone_runtime
from scripts.packages.signing import pin, sign
from scripts.packages.tree import PROGRAM, BuildError, File, Tree
from scripts.windows.installer import Setup, missing_tools, release_setup

SUMS = "SHA256SUMS"


def main() -> int:
    """Build everything asked for; the exit status is 0 when all of it is there."""
    parser = argparse.ArgumentParser(prog="make packages", description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    parser.add_argument(
        "--runtime", type=Runtime, choices=list(Runtime), action="append", help="default: both, and Windows"
    )
    options = parser.parse_args()
    try:
        files = build(this_release(), options.runtime or list(Runtime), windows=not options.runtime)
    except BuildError as error:
        print(f"packages: {error}", file=sys.stderr)
        return 1
    options.output.mkdir(parents=True, exist_ok=True)
    for name, file in files.items():
        (options.output / name).write_bytes(file.content)
        (options.output / name).chmod(file.mode)
        print(f"{len(file.content):>11,}  {options.output / name}")
    if f"{SUMS}.sig" not in files:
        print("Not signed: OPENINSPECTOR_SIGNING_KEY names no key. The installer takes them only with --key.")
    return 0


def build(release: AgentBuild, runtimes: list[Runtime], *, windows: bool) -> Mapping[str, File]:
    """Return every file of the release: bundles, packages, installer, manifest, sums and signatures.

    With ``windows`` also the setup program, if its tools are installed.
    """
    files: dict[str, File] = {}
    about: list[dict[str, object]] = []
    for runtime in runtimes:
        made = dict(_of_runtime(release, runtime))
        files |= {name: file for name, (file, _) in made.items()}
        about += [_described(name, file, runtime, kind) for name, (file, kind) in made.items()]
    setup = _windows(release) if windows else None
    if setup is not None:
        files[setup.name] = File(content=setup.content, mode=PROGRAM)
        described = {"name": setup.name, "kind": "setup", "runtime": "standalone", "thumbprint": setup.thumbprint}
        digest = hashlib.sha256(setup.content).hexdigest()
        about.append({**described, "bytes": len(setup.content), "sha256": digest})
    manifest = {"version": release.version, "release": release.number, "epoch": release.epoch, "files": about}
    files["manifest.json"] = File(content=json.dumps(manifest, indent=2).encode() + b"\n")
    key = os.environ.get("OPENINSPECTOR_SIGNING_KEY")
    installer = pin((ROOT / "packaging" / "install").read_bytes(), key)
    files["install"] = File(content=installer, mode=PROGRAM)
    sums = "".join(f"{hashlib.sha256(file.content).hexdigest()}  {name}\n" for name, file in sorted(files.items()))
    files[SUMS] = File(content=sums.encode())
    if key is not None:
        for name in (SUMS, "install"):
            files[f"{name}.sig"] = File(content=sign(files[name].content, key))
    return files


def _of_runtime(release: AgentBuild, runtime: Runtime) -> Iterator[tuple[str, tuple[File, str]]]:
    stem = f"openinspector-agent-{release.version}-linux-{release.architecture}"
    if runtime is Runtime.PYTHON3:
        version = python3_runtime(release)
    else:
        version = standalone_runtime(release)
        yield stem, (single_file(version, release.epoch), "program")
    yield f"{stem}-{runtime}.tar.gz", (File(content=gzipped(tar(version, release.epoch))), "bundle")
    package = make_package(release, runtime, version)
    for kind, (name, content) in {"deb": deb(package), "rpm": rpm(package)}.items():
        yield name, (File(content=content), kind)
    print(f"{runtime}: {_megabytes(version)} installed, glibc {glibc_of(version)} or newer")


def _windows(release: AgentBuild) -> Setup | None:
    """Return the setup program for Windows; None, with a sentence, where its tools are absent."""
    missing = missing_tools()
    if missing:
        print(f"windows: no setup.exe is built without Debian's packages {', '.join(missing)}")
        return None
    setup = release_setup(release)
    print(f"windows: signed by the certificate {setup.thumbprint}")
    return setup


def _described(name: str, file: File, runtime: Runtime, kind: str) -> dict[str, object]:
    digest = hashlib.sha256(file.content).hexdigest()
    return {"name": name, "kind": kind, "runtime": runtime.value, "bytes": len(file.content), "sha256": digest}


def _megabytes(tree: Tree) -> str:
    return f"{tree.size() / 1e6:.1f} MB"


if __name__ == "__main__":
    sys.exit(main())
