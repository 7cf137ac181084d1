"""The unit of the service, judged by systemd, and the service inside what the unit allows."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.packaging.scratch_host import needs
from tests.packaging.test_sandbox import NO_NEW_CODE

UNIT = Path(__file__).resolve().parents[2] / "deploy" / "systemd" / "openinspector.service"
MOST_EXPOSED = 1.5
"""Of 10, as systemd-analyze counts: a network is what a service needs."""


def test_the_unit_is_sandboxed() -> None:
    needs("systemd-analyze")
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", judged.stdout)
    assert found, judged.stdout + judged.stderr
    assert float(found[1]) <= MOST_EXPOSED


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    needs("systemd-analyze")
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/openinspector/bin/openinspector", "/bin/true"))
    judged = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (judged.returncode, judged.stdout + judged.stderr) == (0, "")


def test_the_service_starts_without_capabilities_and_new_code(tmp_path: Path) -> None:
    needs("setpriv")
    if os.geteuid() != 0:
        pytest.skip("needs root")
    limits = ["setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
    program = Path(sys.executable).with_name("openinspector")
    serve = [str(program), "serve", "--data-dir", str(tmp_path), "--listen", "127.0.0.1:0"]
    service = subprocess.Popen(
        [*limits, sys.executable, "-c", NO_NEW_CODE, *serve],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert service.stdout is not None
    lines = []
    for line in service.stdout:
        lines.append(line)
        if line.startswith("openinspector serves https://"):
            break
    service.send_signal(signal.SIGTERM)
    service.stdout.read()
    status = service.wait(60)
    if status == 77:
        pytest.skip("needs a kernel with PR_SET_MDWE (6.3)")
    assert status == 0, "".join(lines)
