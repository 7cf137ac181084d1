import subprocess
import sys


def openinspector(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "openinspector.cli", *arguments], capture_output=True, text=True, check=False
    )


def test_agent_commands_are_available() -> None:
    listed = openinspector("agent", "--help")
    assert listed.returncode == 0
    assert all(name in listed.stdout for name in ("collect", "enrol", "run", "status"))


def test_options_and_exit_statuses_are_the_agents() -> None:
    refused = openinspector("agent", "collect", "--sensor", "os_release")
    assert refused.returncode == 2
    assert "--dry-run" in refused.stderr
