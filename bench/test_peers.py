"""Commands of the same purpose on the same host and data, in turn: processor time and memory of each, and the ratio.

debsecan and OpenSCAP are Debian's packages (``apt-get install debsecan openscap-scanner``). A peer that is not
installed is skipped. Both sides are asked about this number of packages: ``BENCH_PACKAGES`` (600).
"""

import lzma
import os
import resource
import shutil
import subprocess
import sys
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pytest

from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Package
from openinspector.service.ports.advisory_store import FeedSnapshot
from openinspector.service.settings import Settings
from openinspector.service.store_access import open_advisory_store
from openinspector.testing.mixed_fleet import MixedFleet

SHARED = Path(os.environ.get("OPENINSPECTOR_SHARED", Path(__file__).resolve().parent.parent.parent / "shared"))
PACKAGES = int(os.environ.get("BENCH_PACKAGES", "600"))
RUNS = 5
_PROFILE = "xccdf_org.ssgproject.content_profile_cis_level2_server"
OURS = (sys.executable, "-m", "openinspector.cli")


def cost(command: Sequence[str], allowed: Sequence[int] = (0,)) -> tuple[float, float, str]:
    """Return processor seconds, peak MiB and output of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wrapped = [sys.executable, "-c", _MEASURED, *command]
    done = subprocess.run(wrapped, capture_output=True, text=True, check=False)
    assert done.returncode in allowed, done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = 0.02  # of the wrapper
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime - start
    return seconds, int(done.stderr.splitlines()[-1]) / 1024, done.stdout


_MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
print(file=sys.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(done.returncode)
"""


def compared(what: str, ours: Sequence[str], theirs: Sequence[str], allowed: Sequence[int] = (0,)) -> tuple[str, str]:
    """Run both in turn, print the medians, and return the last outputs."""
    costs: list[tuple[float, float, float, float]] = []
    for _ in range(RUNS):
        ours_seconds, ours_memory, ours_out = cost(ours)
        theirs_seconds, theirs_memory, theirs_out = cost(theirs, allowed)
        costs.append((ours_seconds, ours_memory, theirs_seconds, theirs_memory))
    mine, memory, peer, peer_memory = (median(column) for column in zip(*costs, strict=True))
    load = os.getloadavg()[0]
    print(
        f"\n{what}: ours {mine:.2f} s, {memory:.0f} MiB; {theirs[0]} {peer:.2f} s, {peer_memory:.0f} MiB; "
        f"ratio {mine / peer:.2f} (processor time, medians of {RUNS} in turn, load {load:.1f})"
    )
    return ours_out, theirs_out


@pytest.fixture(scope="module")
def fleet() -> MixedFleet:
    return MixedFleet()


@pytest.fixture(scope="module")
def facts(fleet: MixedFleet) -> HostFacts:
    return fleet.host(0)


@pytest.fixture(scope="module")
def root(facts: HostFacts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("root")
    (folder / "etc").mkdir()
    (folder / "etc/os-release").write_text('ID=debian\nVERSION_ID="12"\n')
    (folder / "var/lib/dpkg").mkdir(parents=True)
    (folder / "var/lib/dpkg/status").write_text(
        "".join(
            f"Package: {one.name}\nStatus: install ok installed\nArchitecture: {one.architecture}\n"
            f"Source: {one.source_name}\nVersion: {one.version}\n\n"
            for one in facts.all(Package)[:PACKAGES]
        )
    )
    return folder


@pytest.fixture(scope="module")
def data(fleet: MixedFleet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "data"
    advisories = [one for one in fleet.all_advisories() if one.feed == "debian"]
    snapshot = FeedSnapshot(
        feed="debian",
        fingerprint="1",
        origin="here",
        fetched_at=datetime(2026, 12, 1, tzinfo=UTC),
        published_at=None,
        advisories=len(advisories),
        unparsed=0,
        validators={},
    )
    open_advisory_store(Settings(data_dir=folder)).replace(snapshot, advisories, ())
    return folder


@pytest.fixture(scope="module")
def debsecan_data(fleet: MixedFleet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same statements in debsecan's format, version 1."""
    folder = tmp_path_factory.mktemp("debsecan")
    advisories = [one for one in fleet.all_advisories() if one.feed == "debian"]
    names = "".join(f"{one.id},,{one.summary}\n" for one in advisories)
    fixes = "".join(
        f"{fix.target.name},{number},SM?F,{fix.version},\n"
        for number, one in enumerate(advisories)
        for fix in one.fixes
    )
    (folder / "bookworm").write_bytes(zlib.compress(f"VERSION 1\n{names}\n{fixes}\n\n".encode()))
    return folder


@pytest.mark.skipif(shutil.which("debsecan") is None, reason="needs debsecan")
def test_debsecan(root: Path, data: Path, debsecan_data: Path) -> None:
    ours = [
        *OURS,
        "scan",
        "--root",
        str(root),
        "--data-dir",
        str(data),
        "--package",
        "common_vulnerabilities",
        "--json",
    ]
    theirs = ["debsecan", "--suite", "bookworm", "--source", f"file://{debsecan_data}"]
    theirs += ["--status", str(root / "var/lib/dpkg/status"), "--format", "bugs"]
    mine, their = compared(f"vulnerabilities of {PACKAGES} packages, 10,000 CVEs", ours, theirs)
    found = set(their.split())
    assert found
    assert all(f'"id": "{identity}"' in mine for identity in found)


@pytest.mark.shared
@pytest.mark.skipif(shutil.which("oscap") is None, reason="needs openscap-scanner")
def test_openscap(root: Path, tmp_path: Path) -> None:
    """The CIS benchmark of Debian 12 on the same folder; oscap exits with 2 if a rule fails."""
    content = tmp_path / "ssg.xml"
    packed = SHARED / "data" / "scap" / "streams" / "ssg-debian12-ds.stripped.xml.xz"
    content.write_bytes(lzma.decompress(packed.read_bytes()))
    theirs = ["env", f"OSCAP_PROBE_ROOT={root}", "oscap", "xccdf", "eval", "--profile", _PROFILE, str(content)]
    ours = [*OURS, "scan", "--root", str(root), "--data-dir", str(tmp_path / "none")]
    compared("CIS benchmark (oscap)", [*ours, "--package", "cis_benchmarks", "--json"], theirs, (0, 2))
