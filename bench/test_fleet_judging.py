"""Judging a mixed fleet: 10,000 hosts × 600 packages of four distributions, facts in memory.

``BENCH_HOSTS`` sets another number of hosts. Times are processor time of this process, so that neighbours on the
machine matter less.
"""

import os
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from openinspector.engine.asset import asset_of
from openinspector.engine.coverage import coverage_of
from openinspector.engine.evaluate import RunEvaluation, evaluate
from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.rule import Detected, RuleContext
from openinspector.engine.subject import subject_of
from openinspector.model.agent import Agent, AgentId
from openinspector.model.arn import RulesPackageArn, RunArn
from openinspector.model.facts import HostFacts
from openinspector.rules.common_vulnerabilities.known_vulnerabilities import RULE
from openinspector.testing.match_builders import version_schemes
from openinspector.testing.mixed_fleet import MixedFleet

HOSTS = int(os.environ.get("BENCH_HOSTS", "10000"))
NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def fleet() -> MixedFleet:
    return MixedFleet()


@pytest.fixture(scope="module")
def index(fleet: MixedFleet) -> AdvisoryIndex:
    return AdvisoryIndex(
        fleet.all_advisories(), schemes=version_schemes(), fingerprints={}, vulnerabilities=fleet.vulnerabilities()
    )


def measured(what: str, fleet: MixedFleet, judge: Callable[[HostFacts], int], hosts: int = HOSTS) -> None:
    """Print how fast ``judge`` is, which returns a number of findings."""
    checks = found = 0
    took = 0.0
    for facts in fleet.hosts(hosts):
        start = time.process_time()
        found += judge(facts)
        took += time.process_time() - start
        checks += fleet.packages_per_host
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\n{what}: {hosts:,} hosts, {found:,} in {took:.2f} s of processor time: "
        f"{checks / took:,.0f} package checks/s, {found / took:,.0f} a second; peak {memory:,.0f} MiB"
    )
    assert found


def test_matches(fleet: MixedFleet, index: AdvisoryIndex) -> None:
    measured("matches, not remembered for a fleet", fleet, lambda facts: len(index.matches(facts)), HOSTS // 10)


def test_rule(fleet: MixedFleet, index: AdvisoryIndex) -> None:
    context = RuleContext(advisories=index)

    def judge(facts: HostFacts) -> int:
        outcome = RULE.evaluate(facts, context)
        return len(outcome.detections) if isinstance(outcome, Detected) else 0

    measured("rule, detections", fleet, judge)


def test_coverage(fleet: MixedFleet, index: AdvisoryIndex) -> None:
    measured("coverage, packages", fleet, lambda facts: len(coverage_of(facts, index)))


def test_findings(fleet: MixedFleet, index: AdvisoryIndex) -> None:
    run = RunEvaluation(
        run_arn=RunArn("arn:aws:inspector:us-east-1:123456789012:target/0-A/template/0-A/run/0-A"),
        rules={RulesPackageArn("common_vulnerabilities"): (RULE,)},
        context=RuleContext(advisories=index),
        now=NOW,
    )

    def judge(facts: HostFacts) -> int:
        agent = Agent(id=AgentId(facts.agent_id), public_key=b"", tags=(), enrolled_at=NOW)
        return len(evaluate(run, subject_of(facts), asset_of(facts, agent)).findings)

    measured("findings", fleet, judge, HOSTS // 10)
