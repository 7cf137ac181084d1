"""A stored finding is explained, exported, and replayed byte for byte by `evaluate`."""

import json
import shlex
from datetime import timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.cli.stored_run import HOSTS, make_stored_run

from openinspector.engine.asset import asset_of
from openinspector.engine.evaluate import RunEvaluation, evaluate
from openinspector.engine.finding_text import finding_text
from openinspector.engine.rule import RuleContext
from openinspector.engine.subject import subject_of
from openinspector.model.arn import RunArn
from openinspector.model.finding import Finding
from openinspector.rules.common_vulnerabilities.known_vulnerabilities import RULE
from openinspector.service.ports.advisory_store import FeedSnapshot
from openinspector.service.settings import Settings
from openinspector.service.store_access import open_stores
from openinspector.service.stored_run_access import open_stored_runs
from openinspector.testing import model_builders as builders
from openinspector.testing.match_builders import advisory, fix


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(data: Path) -> RunArn:
    return make_stored_run(data)


@pytest.fixture
def finding(data: Path, run: RunArn) -> Finding:
    """The stored finding about CVE-2026-0002 on the first host, found as the service finds it."""
    runs = open_stored_runs(Settings(data_dir=data))
    facts = runs.facts(runs.run(run), HOSTS[0])
    evaluation = RunEvaluation(
        run_arn=run,
        rules={builders.rules_package_arn(): (RULE,)},
        context=RuleContext(advisories=runs.index_for(facts)),
        now=builders.moment(9),
    )
    found = evaluate(evaluation, subject_of(facts), asset_of(facts, builders.agent())).findings
    runs.findings.add_findings(found)
    return next(one for one in found if one.rule_id == "CVE-2026-0002")


def test_the_evidence_is_printed_as_a_tree(command: Command, data: Path, finding: Finding) -> None:
    by_id = command("explain", finding.arn.rpartition("/")[2], "--data-dir", str(data))
    assert by_id.status == 0, by_id.err
    assert "curl 7.9-1 (amd64) is installed. [dpkg database]" in by_id.words
    assert f"openinspector explain {finding.arn} --export DIR" in by_id.words
    by_arn = command("explain", finding.arn, "--data-dir", str(data), "--json")
    shown = json.loads(by_arn.out)
    assert (shown["agentId"], shown["replay"]) == (HOSTS[0], None)
    assert shown["evidence"] == finding_text(finding).evidence.splitlines()


def test_an_exported_finding_is_replayed_byte_for_byte(
    command: Command, data: Path, finding: Finding, tmp_path: Path
) -> None:
    outcome = command("explain", finding.arn, "--data-dir", str(data), "--export", str(tmp_path / "export"), "--json")
    assert outcome.status == 0, outcome.err
    replay = json.loads(outcome.out)["replay"]
    assert replay["same"] is True
    words = shlex.split(replay["command"])
    assert words[0] == "openinspector"
    shown = command(*words[1:])
    assert finding_text(finding).title in shown.words
    first, second = (command(*words[1:], "--json") for _ in range(2))
    assert first.out == second.out
    found = next(one for one in json.loads(first.out)["findings"] if one["id"] == "CVE-2026-0002")
    text = finding_text(finding)
    assert (found["title"], found["description"], found["recommendation"]) == (
        text.title,
        text.description,
        text.recommendation,
    )
    assert found["evidence"] == text.evidence
    assert found["attributes"] == [{"key": one.key, "value": one.value} for one in text.attributes]


def test_a_finding_that_the_feeds_no_longer_give_is_noticed(
    command: Command, data: Path, finding: Finding, tmp_path: Path
) -> None:
    snapshot = FeedSnapshot(
        feed="debian",
        fingerprint="2",
        origin="here",
        fetched_at=builders.moment(10) + timedelta(days=1),
        published_at=None,
        advisories=1,
        unparsed=0,
        validators={},
    )
    changed = advisory("CVE-2026-0002", fix("curl", "7.8-1"))
    open_stores(Settings(data_dir=data)).advisories.replace(snapshot, [changed], ())
    outcome = command("explain", finding.arn, "--data-dir", str(data), "--export", str(tmp_path / "export"))
    assert "The feeds have changed since the run" in outcome.err


def test_unknown_findings_and_taken_folders_are_refused(command: Command, data: Path, finding: Finding) -> None:
    unknown = command("explain", f"{finding.arn}x", "--data-dir", str(data))
    assert (unknown.status, "there is no finding" in unknown.err) == (1, True)
    taken = command("explain", finding.arn, "--data-dir", str(data), "--export", str(data))
    assert (taken.status, "cannot be written" in taken.err) == (1, True)
