"""`scan` and `evaluate` start without the service's libraries: those would cost most of their time."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from openinspector.service.ports.advisory_store import FeedSnapshot
from openinspector.service.settings import Settings
from openinspector.service.store_access import open_advisory_store
from openinspector.testing.match_builders import advisory, fix

_LIST_MODULES = """
import sys
from openinspector.cli.main import main
try:
    main()
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""
_OF_THE_SERVICE = {"alembic", "boto3", "botocore", "dbos", "sqlalchemy", "starlette"}
_FOR_PEOPLE = {"rich"}
BASH = advisory("CVE-2026-1", fix("bash", "5.2-2"))


def run(*arguments: str) -> tuple[str, set[str]]:
    """Return the output of a command in a process of its own, and the packages that it imported."""
    command = [sys.executable, "-c", _LIST_MODULES, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = set(done.stderr.splitlines()[-1].split())
    assert "openinspector" in imported
    return done.stdout, imported


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "var/lib/dpkg/status").write_text(
        "Package: bash\nStatus: install ok installed\nVersion: 5.2-1\nArchitecture: amd64\n"
    )
    return root


@pytest.fixture
def advisories(tmp_path: Path) -> str:
    path = tmp_path / "advisories.json"
    path.write_bytes(msgspec.json.encode([BASH]))
    return str(path)


def test_scan_with_a_file_of_advisories(root: Path, advisories: str) -> None:
    out, imported = run("scan", "--root", str(root), "--advisories", advisories, "--json")
    assert "CVE-2026-1" in out
    assert not imported & (_OF_THE_SERVICE | _FOR_PEOPLE)


def test_scan_without_an_installation(root: Path, tmp_path: Path) -> None:
    _, imported = run("scan", "--root", str(root), "--data-dir", str(tmp_path / "absent"))
    assert not imported & _OF_THE_SERVICE


def test_scan_with_synced_feeds(root: Path, tmp_path: Path) -> None:
    snapshot = FeedSnapshot(
        feed="debian",
        fingerprint="1",
        validators={},
        advisories=1,
        unparsed=0,
        origin="here",
        published_at=None,
        fetched_at=datetime(2026, 11, 25, tzinfo=UTC),
    )
    open_advisory_store(Settings(data_dir=tmp_path / "data")).replace(snapshot, [BASH], [])
    out, imported = run("scan", "--root", str(root), "--data-dir", str(tmp_path / "data"), "--json")
    assert "CVE-2026-1" in out
    assert not imported & (_OF_THE_SERVICE | _FOR_PEOPLE)


def test_evaluate(root: Path, advisories: str, tmp_path: Path) -> None:
    facts = str(tmp_path / "facts.jsonl")
    run("scan", "--root", str(root), "--facts", facts, "--data-dir", str(tmp_path / "absent"))
    out, imported = run("evaluate", facts, "--advisories", advisories, "--json")
    assert "CVE-2026-1" in out
    assert not imported & (_OF_THE_SERVICE | _FOR_PEOPLE)


def test_one_rules_package_does_not_import_the_others(root: Path, advisories: str) -> None:
    package = ("--package", "common_vulnerabilities")
    command = [sys.executable, "-c", _LIST_MODULES.replace('.partition(".")[0]', ""), "scan", "--root", str(root)]
    done = subprocess.run(
        [*command, "--advisories", advisories, "--json", *package], capture_output=True, text=True, check=True
    )
    imported = done.stderr.splitlines()[-1].split()
    assert "openinspector.rules.common_vulnerabilities.known_vulnerabilities" in imported
    assert "openinspector.cis.catalogue" not in imported
