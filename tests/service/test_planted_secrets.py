"""Secrets planted on a host reach neither its telemetry nor, through all rules, the database and the reports."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
from tests.agent.sensors.test_no_secrets import FILES, LINUX, PLANTED

from openinspector.agent.sensing import collect_messages
from openinspector.cli.facts_file import facts_of
from openinspector.engine.evaluate import HostEvaluation, RunEvaluation, evaluate
from openinspector.engine.rule import RuleContext
from openinspector.engine.subject import subject_of
from openinspector.model.arn import RulesPackageArn
from openinspector.model.asset import AssetAttributes
from openinspector.service.app.rule_catalogue import discover_rules
from openinspector.service.reports.builder import ReportBuilder
from openinspector.service.reports.html import render_html
from openinspector.service.settings import Settings
from openinspector.service.store_access import open_stores
from openinspector.testing import model_builders as builders
from openinspector.testing.fake_host import FakeHost
from openinspector.testing.report_builders import frame

NAMES = tuple(sensor.name for sensor in LINUX)


def evaluated() -> HostEvaluation:
    """Evaluate every rule on the host with the planted secrets; each rule that needs telemetry finds its files."""
    facts = facts_of(collect_messages(NAMES, 1, FakeHost(FILES)), None)
    rules = {
        RulesPackageArn(f"{builders.rules_package_arn()}{number}"): tuple(found.values())
        for number, found in enumerate(discover_rules().values())
    }
    run = RunEvaluation(run_arn=builders.run().arn, rules=rules, context=RuleContext(), now=builders.moment(0))
    return evaluate(run, subject_of(facts), AssetAttributes(agent_id=facts.agent_id))


def test_no_planted_secret_is_sent() -> None:
    sent = msgspec.json.encode(list(collect_messages(NAMES, 1, FakeHost(FILES))))
    assert [secret for secret in PLANTED if secret.encode() in sent] == []
    assert b"permitrootlogin" in sent.lower()


def test_no_planted_secret_is_stored_or_reported(tmp_path: Path) -> None:
    host = evaluated()
    assert len(host.findings) > 100, "the benchmark judged the host"
    stores = open_stores(Settings(data_dir=tmp_path))
    stores.findings.add_findings(list(host.findings))
    stores.findings.add_exclusions(list(host.exclusions))
    (path,) = tmp_path.glob("*.db")
    with closing(sqlite3.connect(path)) as database:
        stored = "\n".join(database.iterdump())
    arns = [finding.arn for finding in host.findings]
    stored += msgspec.json.encode(list(stores.findings.findings_by_arn(arns).values())).decode()
    builder = ReportBuilder(frame(), {})
    for finding in host.findings:
        builder.add_finding(finding)
    for exclusion in host.exclusions:
        builder.add_exclusion(exclusion)
    report = b"".join(render_html(builder.build())).decode()
    for secret in PLANTED:
        assert secret not in stored
        assert secret not in report
    assert "1.1.1.1" in report
