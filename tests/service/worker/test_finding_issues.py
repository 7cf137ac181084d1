"""A waiver from a finding, through real telemetry: it holds the finding's grounds and ends when one changes."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from tests.service.gateway_world import AGENT, RUN, envelope
from tests.service.worker.test_evaluation import PACKAGE, Evaluation

from openinspector.engine.rule import Detected, Detection, Outcome, Rule
from openinspector.model.arn import target_of
from openinspector.model.finding import Severity
from openinspector.model.ground import Part, setting
from openinspector.model.inventory import Package
from openinspector.model.waiver import GroundChange, Waiver, WaiverEnd, WaiverScope
from openinspector.service.app.errors import InvalidInput
from openinspector.service.app.waivers import NewWaiver, Waivers
from openinspector.service.ports.finding_store import FindingFilter
from openinspector.service.ports.page import PageRequest
from openinspector.service.worker.evaluation import RunEvaluator
from openinspector.service.worker.finding_issues import FindingIssues
from openinspector.service.worker.run_driver import HostBatch
from openinspector.testing import model_builders as builders
from openinspector.testing.memory_assessment_store import MemoryAssessmentStore
from openinspector.testing.memory_finding_store import MemoryFindingStore


class Scene:
    """A host with one finding, whose ground a test may change between runs."""

    def __init__(self, folder: Path) -> None:
        self.base = Evaluation(folder)
        self.value = "yes"
        self.base.world.telemetry.ingest(AGENT, envelope(agent=AGENT))
        rule = Rule(
            name="ssh_root_login",
            title="Disable root login over SSH",
            severity=Severity.MEDIUM,
            description="d",
            recommendation="r",
            reads=(Package,),
            sensors=("dpkg",),
            evaluate=lambda *_: self.outcome(),
        )
        rules = {PACKAGE: (rule,)}
        self.evaluator: RunEvaluator = replace(self.base.evaluator, rules=rules)
        stores = self.base.stores
        self.run = self.base.run
        target = builders.target(arn=target_of(RUN), resource_group_arn=None)
        stores.assessments.add_target(target)
        stores.assessments.add_template(replace(builders.template(), arn=self.run.template_arn, target_arn=target.arn))
        self.issues = FindingIssues(
            telemetry=self.base.world.telemetry,
            advisories=self.evaluator.advisories,
            rules=rules,
            choices=self.evaluator.choices,
            networks=self.evaluator.networks,
        )
        self.ids: Iterator[int] = count(1)
        self.waivers = Waivers(
            waivers=stores.waivers,
            assessments=stores.assessments,
            findings=self.base.findings,
            issue_of=self.issues.issue_of,
            clock=self.base.world.clock,
            new_id=lambda: f"0-W{next(self.ids):07d}",
        )

    def outcome(self) -> Outcome:
        detection = Detection(
            subject="",
            body=builders.stated_issue(rule_id="Disable root login over SSH"),
            grounds=(setting("PermitRootLogin", self.value),),
        )
        return Detected(detections=(detection,))

    def evaluate(self) -> dict[str, str | None]:
        """Evaluate the host and return the attributes of its finding."""
        findings = MemoryFindingStore(MemoryAssessmentStore())
        evaluator = replace(self.evaluator, findings=findings)
        evaluator.evaluate(self.run, HostBatch(agents=(AGENT,), run_hosts=1, interrupted=frozenset()))
        (self.arn,) = findings.list_findings(FindingFilter(run_arns=(RUN,)), PageRequest(limit=9)).rows
        self.waivers = replace(self.waivers, findings=findings)
        return {one.key: one.value for one in findings.findings_by_arn([self.arn])[self.arn].attributes}

    def waive(self) -> Waiver:
        """Waive the finding for the rest of the day."""
        today = self.base.world.clock.now().date()
        return self.waivers.create_from_finding(self.arn, NewWaiver(reason="r", owner="ops", expires=today)).waiver


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_waiver_from_a_finding_holds_what_the_finding_rests_on(scene: Scene) -> None:
    assert "WAIVED_BY" not in scene.evaluate()
    waiver = scene.waive()
    assert waiver.scope == WaiverScope(issues=("ssh_root_login",), agent_ids=(AGENT,))
    assert waiver.holds == (setting("PermitRootLogin", "yes"),)
    assert scene.evaluate()["WAIVED_BY"] == "ops"


def test_a_waiver_whose_fact_changes_ends_and_does_not_begin_again(scene: Scene) -> None:
    scene.evaluate()
    scene.waive()
    scene.value = "prohibit-password"
    assert "PermitRootLogin was yes, is now prohibit-password" in str(scene.evaluate()["WAIVER_ENDED"])
    ((end,),) = (record.waiver.ends for record in scene.base.stores.waivers.of_templates([scene.run.template_arn]))
    assert (end.agent_id, end.change.now) == (AGENT, ("prohibit-password",))
    scene.value = "yes"
    assert "WAIVED_BY" not in scene.evaluate()


def test_a_finding_whose_telemetry_is_gone_cannot_be_waived(scene: Scene) -> None:
    scene.evaluate()
    scene.base.world.telemetry.run_canceled(RUN)
    with pytest.raises(InvalidInput, match="no longer stored"):
        scene.waive()


def test_a_finding_that_its_facts_do_not_give_any_more_cannot_be_waived(scene: Scene) -> None:
    scene.evaluate()
    scene.waivers = replace(scene.waivers, issue_of=replace(scene.issues, rules={}).issue_of)
    with pytest.raises(InvalidInput):
        scene.waive()


def test_an_end_of_a_deleted_waiver_is_passed_over(scene: Scene) -> None:
    scene.evaluate()
    waiver = scene.waive()
    change = GroundChange(part=Part.SETTING, key="k", was=("a",), now=("b",))
    end = WaiverEnd(agent_id=AGENT, ended_on=waiver.expires, change=change)
    scene.waivers.delete(waiver.id)
    scene.evaluator.choices.end([(waiver, end)])
    assert scene.base.stores.waivers.count() == 0
