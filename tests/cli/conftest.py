"""The command line as people start it, against a simulated service over real TLS."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from openinspector.cli.main import main
from openinspector.testing.simulated_inspector import SimulatedInspector


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    status: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """Standard output with every white space one blank."""
        return " ".join(self.out.split())


Command = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith(("AWS_", "OPENINSPECTOR_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `openinspector` with these arguments, through the very function the installed command calls."""

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr("sys.argv", ["openinspector", *arguments])
        capsys.readouterr()
        status = 0
        try:
            main()
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        captured = capsys.readouterr()
        return Outcome(status=status, out=captured.out, err=captured.err)

    return run


@pytest.fixture
def inspector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedInspector]:
    with SimulatedInspector(tmp_path) as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL_INSPECTOR", made.url)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(made.ca_file))
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of a test")
        yield made
