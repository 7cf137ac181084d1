import json

import pytest
from tests.cli.api_answers import EXCLUSION, HOSTILE, RUN, TEMPLATE, described_runs, run, widest
from tests.cli.conftest import Command

from openinspector.testing.simulated_inspector import SimulatedInspector

COVERAGE = {
    "hosts": 1,
    "affected": 1,
    "notAffected": 1,
    "notAssessed": [{"reason": "NO_STATEMENT", "message": "no loaded advisory names the package", "packages": 1}],
    "scoredFindings": 3,
    "unscoredFindings": 4,
    "scoreSources": [{"feed": "kev", "date": "2026-11-24T00:00:00+00:00"}],
}


def test_a_table_of_runs(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("ListAssessmentRuns", {"assessmentRunArns": [RUN]})
    inspector.prepare("DescribeAssessmentRuns", described_runs(run(High=3, Low=4)))
    done = command("runs", "list", "--template", TEMPLATE)
    assert done.status == 0, done.err
    assert widest(done.out) <= 80
    assert "7" in done.words.split()
    assert inspector.inputs("ListAssessmentRuns")[0]["assessmentTemplateArns"] == [TEMPLATE]
    assert json.loads(command("runs", "list", "--json").out)[0]["arn"] == RUN


def test_empty_list_explains_start(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("ListAssessmentRuns", {"assessmentRunArns": []})
    assert "openinspector runs start" in command("runs", "list").words


def test_start_prints_only_the_arn(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("StartAssessmentRun", {"assessmentRunArn": RUN})
    assert command("runs", "start", TEMPLATE, "--name", "now").out == f"{RUN}\n"
    assert inspector.requests == [
        ("StartAssessmentRun", {"assessmentTemplateArn": TEMPLATE, "assessmentRunName": "now"})
    ]


@pytest.mark.parametrize(
    ("state", "status"),
    [("COMPLETED", 0), ("COMPLETED_WITH_ERRORS", 0), ("FAILED", 4), ("ERROR", 4), ("CANCELED", 4)],
)
def test_4_a_run_that_did_not_complete(
    command: Command, inspector: SimulatedInspector, state: str, status: int
) -> None:
    inspector.prepare("StartAssessmentRun", {"assessmentRunArn": RUN})
    inspector.prepare("DescribeAssessmentRuns", described_runs(run("COLLECTING_DATA")), described_runs(run(state)))
    inspector.prepare("GetRunCoverage", COVERAGE)
    inspector.prepare("GetBenchmarkResults", {"benchmarks": []})
    done = command("runs", "start", TEMPLATE, "--watch")
    assert done.status == status, done.err
    assert done.out.index("COLLECTING_DATA") < done.out.index(state)
    assert widest(done.out.removeprefix(RUN)) <= 80
    assert ("1 affected, 1 not affected, 1 not assessed" in done.words) == (status == 0)


def test_watch_as_json_prints_only_json(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("DescribeAssessmentRuns", described_runs(run("FAILED")))
    done = command("runs", "watch", RUN, "--json")
    assert done.status == 4
    assert json.loads(done.out)["state"] == "FAILED"
    assert "FAILED" in done.err


def test_watch_missing_run(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("DescribeAssessmentRuns", described_runs())
    done = command("runs", "watch", RUN)
    assert (done.status, done.out) == (1, "")
    assert f"no assessment run {RUN}" in done.err
    assert "openinspector runs list" in done.err


def test_run_name_is_not_markup(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("DescribeAssessmentRuns", described_runs({**run(), "name": HOSTILE}))
    inspector.prepare("GetRunCoverage", COVERAGE)
    inspector.prepare("GetBenchmarkResults", {"benchmarks": []})
    done = command("runs", "watch", RUN)
    assert done.status == 0, done.err
    assert "[/x]" in done.out
    assert "\x1b" not in done.out


@pytest.mark.parametrize(("options", "action"), [((), "START_EVALUATION"), (("--discard",), "SKIP_EVALUATION")])
def test_stopping(command: Command, inspector: SimulatedInspector, options: tuple[str, ...], action: str) -> None:
    inspector.prepare("StopAssessmentRun", {})
    assert command("runs", "stop", RUN, *options).status == 0
    assert inspector.requests == [("StopAssessmentRun", {"assessmentRunArn": RUN, "stopAction": action})]


def test_deleting(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("DeleteAssessmentRun", {})
    assert command("runs", "delete", RUN).status == 0
    assert inspector.requests == [("DeleteAssessmentRun", {"assessmentRunArn": RUN})]


def test_exclusions_have_recommendations(command: Command, inspector: SimulatedInspector) -> None:
    found = {
        "arn": EXCLUSION,
        "title": "Agent not found",
        "description": "There is none.",
        "recommendation": "Install the agent.",
        "scopes": [{"key": "INSTANCE_ID", "value": "host-1"}],
        "attributes": [],
    }
    inspector.prepare("ListExclusions", {"exclusionArns": [EXCLUSION]})
    inspector.prepare("DescribeExclusions", {"exclusions": {EXCLUSION: found}, "failedItems": {}})
    done = command("runs", "exclusions", RUN)
    assert done.status == 0, done.err
    assert widest(done.out) <= 80
    assert "Agent not found Install the agent. host-1" in done.words
    assert json.loads(command("runs", "exclusions", RUN, "--json").out) == [found]


def test_no_exclusions(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("ListExclusions", {"exclusionArns": []})
    assert command("runs", "exclusions", RUN).out == "Every check of the run was completed.\n"


SAID = {"agentId": "i-1", "version": "1-1", "manager": "dpkg", "vulnerabilities": 0}
COVERED = [
    {
        **SAID,
        "name": "curl",
        "verdict": "AFFECTED",
        "vulnerabilities": 2,
        "advisory": "CVE-2026-1",
        "stream": "debian:12",
        "fixedVersion": "2-1",
    },
    {
        **SAID,
        "name": "bash",
        "verdict": "NOT_AFFECTED",
        "advisory": "CVE-2026-2",
        "stream": "debian:12",
        "statement": "NOT_AFFECTED",
    },
    {
        **SAID,
        "name": HOSTILE,
        "verdict": "NOT_ASSESSED",
        "reason": "NO_STATEMENT",
        "message": "no loaded advisory names the package",
    },
]


def test_coverage_shows_each_package_and_the_numbers(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("GetRunCoverage", COVERAGE)
    inspector.prepare("GetBenchmarkResults", {"benchmarks": []})
    inspector.prepare("ListPackageCoverage", {"packages": COVERED})
    done = command("runs", "coverage", RUN)
    assert done.status == 0, done.err
    assert widest(done.out) <= 80
    assert "\x1b" not in done.out
    assert "3 packages on 1 host: 1 affected, 1 not affected, 1 not assessed." in done.words
    assert "Not assessed: 1: no loaded advisory names the package." in done.words
    assert "3 vulnerability findings have a CVSS score, 4 do not; scores of kev of 2026-11-24." in done.words
    assert "2 vulnerabilities" in done.words


def test_coverage_as_json_keeps_only_the_conclusions_asked_for(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("GetRunCoverage", COVERAGE)
    inspector.prepare("GetBenchmarkResults", {"benchmarks": []})
    inspector.prepare("ListPackageCoverage", {"packages": COVERED})
    done = command("runs", "coverage", RUN, "--verdict", "not-affected", "--agent", "i-1", "--json")
    assert json.loads(done.out) == {"summary": COVERAGE, "packages": [COVERED[1]]}
    assert inspector.inputs("ListPackageCoverage")[0]["agentIds"] == ["i-1"]
    summary = json.loads(command("runs", "coverage", RUN, "--summary", "--json").out)
    assert summary == {"summary": COVERAGE, "packages": []}
    assert len(inspector.inputs("ListPackageCoverage")) == 1
