"""A report of 50,000 findings: memory and seconds of the process that lays it out, and of gathering what it says."""

import subprocess
import sys
from pathlib import Path

import pytest

SHAPES = ((500, 100), (5, 10_000))
"""Hosts and rules: few words that many share, and the other way round."""
FINDINGS = 50_000
LIMIT_MIB = 1024

GATHER = """
import sys, time
from pathlib import Path
import msgspec
from openinspector.testing.process_usage import peak_memory_mib
from openinspector.testing.report_builders import large
began = time.perf_counter()
content = large(int(sys.argv[2]), int(sys.argv[3]))
took = time.perf_counter() - began
Path(sys.argv[1]).write_bytes(msgspec.json.encode(content))
print(f"{peak_memory_mib():.0f} {took:.1f} {content.total}")
"""

LAY_OUT = """
import sys, time
from openinspector.service.reports.__main__ import main
from openinspector.testing.process_usage import peak_memory_mib
began = time.perf_counter()
main()
print(f"{peak_memory_mib():.0f} {time.perf_counter() - began:.1f}", file=sys.stderr)
"""


@pytest.fixture(scope="module", params=SHAPES, ids=lambda shape: f"{shape[0]} hosts")
def content(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    path = tmp_path_factory.mktemp("report") / "content.json"
    command = [sys.executable, "-c", GATHER, str(path), *map(str, request.param)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    peak, seconds, findings = done.stdout.split()
    print(f"\ngathered: {int(findings):,} findings in {seconds} s, {peak} MiB peak with the findings made")
    assert int(findings) == FINDINGS
    assert int(peak) < LIMIT_MIB
    return path


@pytest.mark.parametrize("layout", ["HTML", "PDF"])
def test_laying_out_fifty_thousand_findings(content: Path, layout: str) -> None:
    with content.open("rb") as given:
        command = [sys.executable, "-c", LAY_OUT, layout]
        done = subprocess.run(command, stdin=given, capture_output=True, check=True)
    peak, seconds = done.stderr.split()
    print(f"\n{layout}: {len(done.stdout) / 1e6:.1f} MB in {seconds.decode()} s, {peak.decode()} MiB peak")
    assert int(peak) < LIMIT_MIB
