"""`scan` without stored feeds starts without the service's libraries: they cost most of its time."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

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


@pytest.mark.parametrize("with_file", [True, False], ids=["advisories-of-a-file", "no-installation"])
def test_scan_does_not_import_the_service(tmp_path: Path, *, with_file: bool) -> None:
    root, advisories = tmp_path / "root", tmp_path / "advisories.json"
    (root / "etc").mkdir(parents=True)
    (root / "etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
    advisories.write_bytes(msgspec.json.encode([advisory("CVE-2026-1", fix("bash", "5.2-2"))]))
    chosen = ["--advisories", str(advisories)] if with_file else ["--data-dir", str(tmp_path / "absent")]
    done = subprocess.run(
        [sys.executable, "-c", _LIST_MODULES, "scan", "--root", str(root), *chosen],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(done.stderr.splitlines()[-1].split())
    assert "openinspector" in imported
    assert not imported & _OF_THE_SERVICE
