"""XCCDF results are valid by the schema of XCCDF 1.2, as oscap applies it."""

import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.cis.judging import facts

from openinspector.cis.benchmarks import BENCHMARKS
from openinspector.cis.report import BenchmarkReport, report
from openinspector.cis.tailoring_file import SiteTailoring
from openinspector.cis.xccdf import xccdf
from openinspector.model.tailoring import Tailoring
from openinspector.testing.fact_builders import operating_system, sshd

ENDED = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def oscap() -> str:
    found = shutil.which("oscap")
    if found is None:
        pytest.skip("oscap, which brings the schema, is not installed")
    return found


def results() -> BenchmarkReport:
    """Return a report with passed, failed, not judged, not applicable and switched-off controls."""
    host = facts(operating_system(), sshd({"permitrootlogin": "yes", "maxauthtries": "4"}))
    off = SiteTailoring(tailoring=Tailoring(switched_off={"debian_12/1.1.1.1": "needed <&> \x00"}))
    return report(BENCHMARKS[0].load(), host, today=date(2026, 12, 1), tailoring=off)


def is_valid(oscap: str, document: bytes, folder: Path) -> bool:
    path = folder / "results.xml"
    path.write_bytes(document)
    done = subprocess.run(
        [oscap, "xccdf", "validate", "--skip-schematron", str(path)], check=False, capture_output=True, timeout=60
    )
    return done.returncode == 0


def test_results_are_valid_by_the_schema(oscap: str, tmp_path: Path) -> None:
    found = results()
    assert is_valid(oscap, xccdf(found, "i-1 <&>", ENDED), tmp_path)
    limited = found.limited_to(found.benchmark.profiles[0])
    assert is_valid(oscap, xccdf(limited, "i-1", ENDED), tmp_path)


def test_the_schema_refuses_a_broken_twin(oscap: str, tmp_path: Path) -> None:
    broken = xccdf(results(), "i-1", ENDED).replace(b"<target>", b"<nonsense>").replace(b"</target>", b"</nonsense>")
    assert not is_valid(oscap, broken, tmp_path)
