"""A report's life: asked for, made, asked for again, made anew, gone with its run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.model.arn import RunArn
from openinspector.model.finding import Severity
from openinspector.model.report import Report, ReportFormat, ReportStatus, ReportType
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.app.errors import InvalidInput, NoSuchEntity, ReportUnavailable, RunInProgress
from openinspector.service.app.reports import (
    FRESH,
    REPORT_WORKFLOW,
    RETRY_AFTER,
    ReportRequest,
)
from openinspector.service.ports.rule_result_store import CheckedRule
from openinspector.service.reports.content import ReportContent
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import PACKAGES, BuiltInstallation

CVE = PACKAGES[0]
TEMPLATE = builders.template(rules_package_arns=(CVE.arn,))
RULE = CheckedRule(rules_package_arn=CVE.arn, name="rule", title="The rule", severity=Severity.LOW)
DOCUMENT = b"the document"


class AtOnce:
    """A workflow's context that does every step at once."""

    def step(self, name: str, action: Callable[[], str]) -> str:
        del name
        return action()

    def wait(self, topic: str, seconds: float) -> str | None:
        raise AssertionError((topic, seconds))


@dataclass
class Press:
    """Lays reports out as one same document, and keeps what it was given."""

    fails: bool = False
    before: Callable[[], None] = lambda: None
    given: list[ReportContent] = field(default_factory=list)

    def __call__(self, content: ReportContent, layout: ReportFormat) -> bytes:
        del layout
        self.before()
        if self.fails:
            raise MemoryError
        self.given.append(content)
        return DOCUMENT


@dataclass
class Desk:
    """Asks for reports of one run, and makes them."""

    built: BuiltInstallation
    run: RunArn
    press: Press = field(default_factory=Press)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def ask(self, type_: ReportType = ReportType.FINDING, layout: ReportFormat = ReportFormat.HTML) -> Report:
        wanted = ReportRequest(run_arn=self.run, type=type_, format=layout)
        return self.built.app.reports.get(wanted, f"00000000-0000-4000-8000-{next(self.numbers):012d}")

    def make(self, report: Report) -> None:
        name, argument = self.built.workflows.started[report.id]
        assert name == REPORT_WORKFLOW
        self.built.assembly.report_maker(self.press)(AtOnce(), argument)

    def made(self, type_: ReportType = ReportType.FINDING) -> Report:
        report = self.ask(type_)
        self.make(report)
        return self.ask(type_)


@pytest.fixture
def desk(built: BuiltInstallation) -> Desk:
    built.stores.assessments.add_target(builders.target())
    built.stores.assessments.add_template(TEMPLATE)
    agent = built.heartbeat(1)
    run = built.app.runs.start(TEMPLATE.arn, "the run")
    built.complete_run(run)
    built.stores.rule_results.record(run, [RULE], {agent.id: [OutcomeKind.PASSED]})
    built.produced(builders.finding(1, run, rules_package_arn=CVE.arn), builders.exclusion(1, run))
    return Desk(built, run)


def files(folder: Path) -> list[Path]:
    return [path for path in (folder / "objects").rglob("*") if path.is_file()]


def test_a_report_is_created_and_completed(desk: Desk) -> None:
    promised = desk.ask()
    assert promised.status is ReportStatus.WORK_IN_PROGRESS
    assert desk.ask() == promised
    desk.make(promised)
    done = desk.ask()
    assert (done.id, done.status) == (promised.id, ReportStatus.COMPLETED)
    assert desk.built.around.report_vault.open(done) == DOCUMENT


def test_a_report_describes_the_run(desk: Desk) -> None:
    desk.made()
    desk.made(ReportType.FULL)
    finding, full = desk.press.given
    assert (finding.run.name, finding.run.target, finding.run.template) == ("the run", "target-1", "template-1")
    assert [package.name for package in finding.packages] == [f"{CVE.name}-{CVE.version}"]
    assert [(one.hostname, one.counts) for one in finding.instances] == [("host-1.example", {Severity.MEDIUM: 1})]
    assert [found.heading for found in finding.findings] == ["CVE-2026-0001"]
    assert [excluded.title for excluded in finding.exclusions] == ["Agent not found"]
    assert finding.rules == ()
    assert [(rule.title, rule.passed, rule.detected) for rule in full.rules] == [("The rule", 1, 0)]


def test_every_page_of_findings_is_in_it(desk: Desk) -> None:
    desk.built.produced(*(builders.finding(number, desk.run) for number in range(2, 2502)))
    desk.made()
    assert desk.press.given[0].total == 2501


def test_each_type_and_format_is_a_separate_report(desk: Desk) -> None:
    asked = {desk.ask(type_, layout).id for type_ in ReportType for layout in ReportFormat}
    assert len(asked) == 4


def test_a_version_is_reused_for_an_hour(desk: Desk) -> None:
    first = desk.made()
    desk.built.clock.advance(FRESH.total_seconds() - 1)
    assert desk.ask().id == first.id
    desk.built.clock.advance(2)
    second = desk.made()
    assert second.id != first.id
    # The first one's last link has not ended yet.
    assert desk.built.around.report_vault.open(first) == DOCUMENT


def test_expired_versions_are_deleted(desk: Desk, tmp_path: Path) -> None:
    for _ in range(5):
        desk.made()
        desk.built.clock.advance(FRESH.total_seconds() + 1)
    kept = desk.built.stores.reports.of_run(desk.run)
    assert len(kept) == 2
    assert {report.id for report in kept} == {path.name for path in files(tmp_path) if "reports" in path.parts}


def test_a_failure_is_reported_and_retried_after_a_minute(desk: Desk) -> None:
    desk.press.fails = True
    failed = desk.made()
    assert failed.status is ReportStatus.FAILED
    desk.press.fails = False
    desk.built.clock.advance(RETRY_AFTER.total_seconds())
    again = desk.made()
    assert (again.status, again.id == failed.id) == (ReportStatus.COMPLETED, False)


def test_a_report_promised_before_the_process_died_is_started_again(desk: Desk) -> None:
    promised = desk.ask()
    del desk.built.workflows.started[promised.id]
    desk.ask()
    desk.make(promised)
    assert desk.ask().status is ReportStatus.COMPLETED


def test_making_a_report_is_idempotent(desk: Desk) -> None:
    first = desk.made()
    desk.make(first)
    assert desk.ask() == first
    assert desk.built.around.report_vault.open(first) == DOCUMENT


def test_a_run_in_progress_has_no_report(desk: Desk) -> None:
    desk.run = desk.built.app.runs.start(TEMPLATE.arn, "another")
    with pytest.raises(RunInProgress) as refused:
        desk.ask()
    assert refused.value.runs == (desk.run,)


@pytest.mark.parametrize("state", [AssessmentRunState.FAILED, AssessmentRunState.ERROR, AssessmentRunState.CANCELED])
def test_a_run_that_did_not_complete_has_no_report(desk: Desk, state: AssessmentRunState) -> None:
    desk.run = desk.built.app.runs.start(TEMPLATE.arn, "another")
    desk.built.reached(desk.run, state)
    with pytest.raises(ReportUnavailable, match=state.value):
        desk.ask()


def test_only_a_finding_report_without_rule_results(desk: Desk) -> None:
    desk.built.stores.rule_results.delete_run(desk.run)
    with pytest.raises(ReportUnavailable, match="FINDING"):
        desk.ask(ReportType.FULL)
    assert desk.ask().status is ReportStatus.WORK_IN_PROGRESS


def test_a_run_without_instances_has_a_full_report(desk: Desk) -> None:
    other = builders.template(2, rules_package_arns=(CVE.arn,))
    desk.built.stores.assessments.add_template(other)
    empty = builders.run(7, other.arn)
    desk.built.stores.assessments.add_run(empty, [])
    desk.built.complete_run(empty.arn)
    desk.run = empty.arn
    assert desk.made(ReportType.FULL).status is ReportStatus.COMPLETED
    assert desk.press.given[0].rules == ()


@pytest.mark.parametrize(("arn", "error"), [("arn", InvalidInput), (builders.run(9).arn, NoSuchEntity)])
def test_an_unknown_run_has_no_report(desk: Desk, arn: str, error: type[Exception]) -> None:
    desk.run = RunArn(arn)
    with pytest.raises(error):
        desk.ask()


DELETIONS: Sequence[Callable[[Desk], None]] = (
    lambda desk: desk.built.app.runs.delete(desk.run),
    lambda desk: desk.built.app.templates.delete(TEMPLATE.arn),
    lambda desk: desk.built.app.targets.delete(builders.target().arn),
)


@pytest.mark.parametrize("delete", DELETIONS, ids=["run", "template", "target"])
def test_reports_are_deleted_with_their_run(desk: Desk, tmp_path: Path, delete: Callable[[Desk], None]) -> None:
    done = desk.made()
    delete(desk)
    assert desk.built.stores.reports.get(done.id) is None
    assert desk.built.stores.rule_results.runs() == []
    assert not [path for path in files(tmp_path) if "reports" in path.parts]


def test_deleting_the_run_of_a_pending_report_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    promised = desk.ask()
    desk.press.before = lambda: desk.built.app.runs.delete(desk.run)
    desk.make(promised)
    assert desk.built.stores.reports.get(promised.id) is None
    assert not [path for path in files(tmp_path) if "reports" in path.parts]
    desk.make(promised)


def test_leftovers_of_an_interrupted_deletion_are_deleted(desk: Desk) -> None:
    desk.built.stores.assessments.delete_run(desk.run)
    desk.built.stores.findings.delete_run(desk.run)
    assert desk.built.assembly.deletion().delete_orphans() == 1
    assert desk.built.stores.rule_results.runs() == []
