"""The agent inside what its unit allows: the kernel's parts of the sandbox that need no systemd to be tried."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.packaging.scratch_host import needs

CAPABILITIES = "-all,+dac_read_search,+sys_ptrace,+net_admin,+audit_control"
NO_NEW_CODE = (
    "import ctypes, os, sys\n"
    "PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1\n"
    "if ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0): sys.exit(77)\n"
    "os.execv(sys.argv[1], sys.argv[1:])\n"
)
"""What MemoryDenyWriteExecute= of a current systemd sets."""


def states(*command: str | Path) -> Counter[tuple[str, str]]:
    """Return how every sensor's collection ended."""
    done = subprocess.run([*command, "collect", "--dry-run", "--json"], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("needs a kernel with PR_SET_MDWE (6.3)")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return Counter((m["sensor"], m["payload"]["state"]) for m in found if m["kind"] == "SensorStatus")


def test_sensors_need_no_more_than_the_capabilities_of_the_unit(unpacked: Path) -> None:
    needs("setpriv")
    if os.geteuid() != 0:
        pytest.skip("needs root")
    program = unpacked / "openinspector-agent"
    limited = states("setpriv", "--no-new-privs", f"--bounding-set={CAPABILITIES}", program)
    assert limited == states(program)
    assert any(state == "OK" for _, state in limited)


def test_no_memory_needs_to_be_writable_and_executable(unpacked: Path) -> None:
    program = unpacked / "openinspector-agent"
    assert states(sys.executable, "-c", NO_NEW_CODE, program) == states(program)
