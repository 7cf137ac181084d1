import csv
import io
import json

from tests.cli.api_answers import RUN
from tests.cli.conftest import Command

from openinspector.testing.simulated_inspector import SimulatedInspector


def counts(passed: int, failed: int, waived: int = 0, not_judged: int = 0) -> dict[str, int]:
    numbers = {"passed": passed, "failed": failed, "waived": waived, "notJudged": not_judged}
    return {**numbers, "notApplicable": 0}


BENCHMARK = {
    "benchmarkId": "debian_12",
    "product": "Debian Linux 12",
    "version": "1.1.0",
    "instances": 2,
    "counts": counts(3, 1, 1, 1),
    "sections": [{"section": "5", "counts": counts(3, 1, 1, 1)}],
    "controls": [
        {"number": "5.1.20", "title": "sshd's PermitRootLogin is no", "counts": counts(0, 1, 1), "failedOn": ["i-1"]},
        {"number": "5.1.21", "title": "sshd's UsePAM is yes", "counts": counts(2, 0), "failedOn": []},
    ],
}


def test_three_numbers_and_the_failed_controls(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("GetBenchmarkResults", {"benchmarks": [BENCHMARK]})
    done = command("runs", "benchmark", RUN)
    assert done.status == 0, done.err
    assert "3 passed, 2 failed (1 waived), 1 not judged on 2 instances" in done.words
    assert "60 %" in done.words
    assert "5.1.20" in done.words
    assert "5.1.21" not in done.words
    assert "5.1.21" in command("runs", "benchmark", RUN, "--all").words


def test_json_and_csv(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("GetBenchmarkResults", {"benchmarks": [BENCHMARK]})
    assert json.loads(command("runs", "benchmark", RUN, "--json").out)[0]["benchmarkId"] == "debian_12"
    rows = list(csv.DictReader(io.StringIO(command("runs", "benchmark", RUN, "--csv").out)))
    assert [(row["control"], row["failed"], row["failedOn"]) for row in rows] == [
        ("5.1.20", "1", "i-1"),
        ("5.1.21", "0", ""),
    ]


def test_a_run_without_benchmarks(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("GetBenchmarkResults", {"benchmarks": []})
    assert "No benchmark was judged" in command("runs", "benchmark", RUN).words
