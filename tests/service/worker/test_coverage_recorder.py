"""Coverage from telemetry to what a user reads, and its end with the telemetry."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.service.gateway_world import AGENT, OTHER_AGENT, PACKAGE_NAMES, RUN, envelope
from tests.service.worker.test_evaluation import PACKAGE, Evaluation

from openinspector.model.advisory import Score, Vulnerability
from openinspector.plugins import discover
from openinspector.rules.common_vulnerabilities.known_vulnerabilities import RULE
from openinspector.service.app.coverage import Coverage, run_coverage
from openinspector.service.app.errors import CoverageUnavailable
from openinspector.service.ports.advisory_store import Changes, FeedSnapshot, StoredDocument
from openinspector.service.ports.page import PageRequest, all_rows
from openinspector.service.worker.advisories import AdvisoryCache
from openinspector.service.worker.coverage_recorder import CoverageRecorder
from openinspector.testing.match_builders import advisory, fix
from openinspector.testing.memory_advisory_store import MemoryAdvisoryStore
from openinspector.testing.memory_assessment_store import MemoryAssessmentStore
from openinspector.version import VersionScheme

AFFECTED, UNKNOWN = PACKAGE_NAMES
SCORED, UNSCORED = "CVE-2026-0001", "CVE-2026-0002"


def advisories() -> MemoryAdvisoryStore:
    """Return two CVEs of one package; NVD scores the first."""
    store = MemoryAdvisoryStore()
    found = (advisory(SCORED, fix(AFFECTED, "2.0-1")), advisory(UNSCORED, fix(AFFECTED, "2.0-1")))
    _store(store, "debian", StoredDocument(name="", advisories=found))
    scored = Vulnerability(id=SCORED, scores=(Score(version="3.1", base=9.8, vector="", origin="nvd"),))
    _store(store, "nvd", StoredDocument(name="", vulnerabilities=(scored,)))
    return store


def _store(store: MemoryAdvisoryStore, feed: str, document: StoredDocument) -> None:
    snapshot = FeedSnapshot(
        feed=feed,
        fingerprint="0" * 64,
        origin="the test",
        fetched_at=datetime(2026, 11, 28, tzinfo=UTC),
        published_at=datetime(2026, 11, 25, tzinfo=UTC),
        advisories=0,
        unparsed=0,
        validators={},
    )
    store.change(snapshot, Changes(documents=(document,), whole=True))


@pytest.fixture
def evaluation(tmp_path: Path) -> Evaluation:
    made = Evaluation(tmp_path)
    stored = advisories()
    made.evaluator = replace(
        made.evaluator,
        rules={PACKAGE: (RULE,)},
        advisories=AdvisoryCache(stored, discover("openinspector.versions", "SCHEME", VersionScheme)),
        coverage=replace(made.evaluator.coverage, advisories=stored),
    )
    for agent in (AGENT, OTHER_AGENT):
        made.world.telemetry.ingest(agent, envelope(agent=agent))
    return made


def coverage_of(evaluation: Evaluation) -> Coverage:
    assessments = MemoryAssessmentStore()
    assessments.runs_by_arn = lambda arns: dict.fromkeys(arns, evaluation.run)  # type: ignore[method-assign]
    recorder: CoverageRecorder = evaluation.evaluator.coverage
    return Coverage(assessments=assessments, coverage=evaluation.coverage, vault=recorder.vault)


def test_numbers_count_packages_and_scores_of_all_hosts_once(evaluation: Evaluation) -> None:
    for _ in range(2):  # a repeated step
        evaluation.evaluate(AGENT, OTHER_AGENT)
    found = run_coverage(evaluation.coverage, RUN)
    assert (found.hosts, found.counts) == (2, {"AFFECTED": 2, "NO_STATEMENT": 2})
    assert (found.scored, found.unscored) == (2, 2)
    assert found.score_sources == {"nvd": "2026-11-25T00:00:00+00:00"}


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_packages_are_paged_host_by_host(evaluation: Evaluation, limit: int) -> None:
    evaluation.evaluate(OTHER_AGENT)
    evaluation.evaluate(AGENT)
    coverage = coverage_of(evaluation)
    rows = list(all_rows(lambda page: coverage.list_page(RUN, (), page), limit))
    assert [(row.agent_id, row.coverage.name) for row in rows] == [
        (agent, name) for agent in (AGENT, OTHER_AGENT) for name in PACKAGE_NAMES
    ]
    of_one = list(all_rows(lambda page: coverage.list_page(RUN, [OTHER_AGENT], page), limit))
    assert of_one == rows[2:]
    assert (of_one[0].coverage.vulnerabilities, of_one[1].coverage.reason) == (2, "NO_STATEMENT")


def test_no_file_names_a_package_and_shredding_leaves_only_numbers(evaluation: Evaluation) -> None:
    evaluation.evaluate(AGENT)
    coverage = coverage_of(evaluation)
    assert coverage.list_page(RUN, (), PageRequest(limit=9)).rows
    assert not [path for path in evaluation.world.files() if UNKNOWN.encode() in path.read_bytes()]
    evaluation.world.telemetry.shred(RUN)
    assert evaluation.world.files() == []
    assert coverage.summary(RUN).counts == {"AFFECTED": 1, "NO_STATEMENT": 1}
    with pytest.raises(CoverageUnavailable):
        coverage.list_page(RUN, (), PageRequest(limit=9))


def test_an_evaluation_after_shredding_records_no_coverage(evaluation: Evaluation) -> None:
    evaluation.world.telemetry.shred(RUN)
    evaluation.evaluate(AGENT)
    assert evaluation.coverage.hosts(RUN, None, 9) == []


def test_a_version_that_no_scheme_orders_leaves_the_run_without_coverage(evaluation: Evaluation) -> None:
    evaluation.evaluator = replace(evaluation.evaluator, advisories=AdvisoryCache(advisories(), {}))
    assert evaluation.evaluate(AGENT).errors == 1
    assert evaluation.coverage.hosts(RUN, None, 9) == []
