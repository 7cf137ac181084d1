"""Runs: who takes part, when they are refused, how they are stopped and deleted."""

from pathlib import Path

import pytest

from openinspector.model.arn import RunArn, TemplateArn
from openinspector.model.assessment import StopAction
from openinspector.model.asset import Tag
from openinspector.model.errors import StoreError
from openinspector.model.exclusion import ExclusionKind
from openinspector.model.finding import Attribute, Severity
from openinspector.model.run_state import AssessmentRunState as State
from openinspector.service.app.errors import AgentsBusy, InvalidInput, LimitExceeded, NoSuchEntity, RunInProgress
from openinspector.service.app.run_workflow import RUN_WORKFLOW, WAKE
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import PACKAGES, BuiltInstallation, open_installation
from openinspector.testing.record_builders import schedule, subscribed

TEST = Tag(key="Environment", value="Test")
TEMPLATE = builders.template(
    rules_package_arns=(PACKAGES[0].arn,), user_attributes=(Attribute(key="Team", value="blue"),)
)


def templated(built: BuiltInstallation) -> TemplateArn:
    built.stores.assessments.add_target(builders.target())
    built.stores.assessments.add_template(TEMPLATE)
    return TEMPLATE.arn


def of_tagged_hosts(built: BuiltInstallation) -> TemplateArn:
    """Add target 2, of the hosts with a tag, and a template of it."""
    group = builders.resource_group(tags=(TEST,))
    built.stores.assessments.add_resource_group(group)
    target = builders.target(2, resource_group_arn=group.arn)
    built.stores.assessments.add_target(target)
    template = builders.template(2, target.arn)
    built.stores.assessments.add_template(template)
    return template.arn


def test_a_run_copies_its_template_and_starts(built: BuiltInstallation) -> None:
    templated(built)
    here, away = built.heartbeat(1), built.enrolled(2)
    arn = built.app.runs.start(TEMPLATE.arn, "by hand")
    run = built.stores.assessments.runs_by_arn([arn])[arn]
    assert (run.name, run.state, run.duration_seconds) == ("by hand", State.CREATED, TEMPLATE.duration_seconds)
    assert run.rules_package_arns == TEMPLATE.rules_package_arns
    assert run.user_attributes == TEMPLATE.user_attributes
    assert run.finding_counts == dict.fromkeys(Severity, 0)
    assert built.workflows.started == {arn: (RUN_WORKFLOW, arn)}
    assert built.stores.assessments.run_agents(arn) == (here.id,)
    assert away.id not in built.stores.assessments.run_agents(arn)


def test_unnamed_runs_are_numbered_past_existing_names(built: BuiltInstallation) -> None:
    templated(built)
    given: list[str | None] = [None, "Run 3 for template-1", None]
    arns = [built.app.runs.start(TEMPLATE.arn, name) for name in given]
    found = built.stores.assessments.runs_by_arn(arns)
    names = [found[arn].name for arn in arns]
    assert names == ["Run 1 for template-1", "Run 3 for template-1", "Run 4 for template-1"]


def test_a_name_of_a_long_template_fits(built: BuiltInstallation) -> None:
    built.stores.assessments.add_target(builders.target())
    built.stores.assessments.add_template(builders.template(name="n" * 140))
    arn = built.app.runs.start(TEMPLATE.arn, None)
    assert built.stores.assessments.runs_by_arn([arn])[arn].name == f"Run 1 for {'n' * 130}"


def test_a_name_is_unique_within_the_template(built: BuiltInstallation) -> None:
    templated(built)
    built.app.runs.start(TEMPLATE.arn, "one")
    with pytest.raises(InvalidInput):
        built.app.runs.start(TEMPLATE.arn, "one")
    assert len(built.workflows.started) == 1


def test_a_template_without_packages_starts_no_run(built: BuiltInstallation) -> None:
    built.stores.assessments.add_target(builders.target())
    built.stores.assessments.add_template(builders.template(rules_package_arns=()))
    with pytest.raises(InvalidInput) as refused:
        built.app.runs.start(TEMPLATE.arn, None)
    assert refused.value.code == "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS"


def test_the_template_must_exist(built: BuiltInstallation) -> None:
    with pytest.raises(NoSuchEntity) as refused:
        built.app.runs.start(TEMPLATE.arn, None)
    assert refused.value.code == "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST"


def test_host_takes_part_in_one_run_at_a_time(built: BuiltInstallation) -> None:
    templated(built)
    agent = built.heartbeat(1, (TEST,))
    tagged = of_tagged_hosts(built)
    first = built.app.runs.start(tagged, None)
    with pytest.raises(AgentsBusy) as refused:
        built.app.runs.start(TEMPLATE.arn, None)
    assert refused.value.busy == ((agent.id, first),)
    built.end_run(first)
    assert built.app.runs.start(TEMPLATE.arn, None) in built.workflows.started


def test_quotas_hold(tmp_path: Path) -> None:
    built = open_installation(tmp_path, runs=1, instances=1)
    templated(built)
    built.heartbeat(1)
    built.heartbeat(2)
    with pytest.raises(LimitExceeded) as instances:
        built.app.runs.start(TEMPLATE.arn, None)
    assert "2 more would exceed 1" in str(instances.value)
    run = built.app.runs.start(of_tagged_hosts(built), None)
    built.end_run(run)
    with pytest.raises(LimitExceeded) as second:
        built.app.runs.start(TEMPLATE.arn, None)
    assert instances.value.code == second.value.code == "ASSESSMENT_RUN_LIMIT_EXCEEDED"


def test_stop_wakes_only_a_run_in_progress(built: BuiltInstallation) -> None:
    arn = built.app.runs.start(templated(built), None)
    built.app.runs.stop(arn, StopAction.SKIP_EVALUATION)
    assert built.workflows.signals == [(arn, WAKE, "SKIP_EVALUATION")]
    assert built.stores.assessments.runs_by_arn([arn])[arn].stop_action is StopAction.SKIP_EVALUATION
    built.end_run(arn)
    built.app.runs.stop(arn, StopAction.START_EVALUATION)
    assert len(built.workflows.signals) == 1


def test_run_is_deleted_with_its_results(built: BuiltInstallation) -> None:
    arn = built.app.runs.start(templated(built), None)
    with pytest.raises(RunInProgress) as refused:
        built.app.runs.delete(arn)
    assert refused.value.runs == (arn,)
    built.end_run(arn)
    finding = builders.finding(1, arn)
    built.produced(finding)
    built.app.runs.delete(arn)
    assert built.shredded == [arn]
    assert built.stores.findings.findings_by_arn([finding.arn]) == {}
    with pytest.raises(NoSuchEntity):
        built.app.runs.delete(arn)


def test_hosts_that_do_not_take_part_are_excluded(built: BuiltInstallation) -> None:
    templated(built)
    built.heartbeat(1)
    silent = built.enrolled(2)
    absent = builders.rules_package_arn(7)
    old = builders.template(5, rules_package_arns=(PACKAGES[0].arn, absent))
    built.stores.assessments.add_template(old)
    predicted = built.assembly.preview_maker().predict(old)
    arn = built.app.runs.start(old.arn, None)
    run = built.stores.assessments.runs_by_arn([arn])[arn]
    without, package = built.assembly.run_exclusions().before(run)
    assert (without.kind, without.scopes[0].value) == (ExclusionKind.AGENT_NOT_FOUND, silent.id)
    assert (package.kind, package.scopes[0].value) == (ExclusionKind.DEPRECATED_RULES_PACKAGE, absent)
    assert {without, package} <= set(predicted)


def test_a_run_without_hosts_has_an_exclusion(built: BuiltInstallation) -> None:
    arn = built.app.runs.start(templated(built), None)
    run = built.stores.assessments.runs_by_arn([arn])[arn]
    (only,) = built.assembly.run_exclusions().before(run)
    assert only.kind is ExclusionKind.NO_INSTANCES


def test_run_of_all_hosts_has_no_exclusions(built: BuiltInstallation) -> None:
    templated(built)
    built.heartbeat(1)
    arn = built.app.runs.start(TEMPLATE.arn, None)
    run = built.stores.assessments.runs_by_arn([arn])[arn]
    assert built.assembly.run_exclusions().before(run) == ()


def test_missing_workflows_are_started(built: BuiltInstallation) -> None:
    templated(built)
    pending, ended = builders.run(1), builders.run(2)
    for run in (pending, ended):
        built.stores.assessments.add_run(run, [])
    built.end_run(ended.arn)
    assert built.assembly.pending_runs().start() == 1
    assert built.workflows.started == {pending.arn: (RUN_WORKFLOW, pending.arn)}


def test_a_run_without_a_workflow_starts_later_and_keeps_its_stop(built: BuiltInstallation) -> None:
    templated(built)
    built.workflows.refusing = True
    with pytest.raises(StoreError):
        built.app.runs.start(TEMPLATE.arn, None)
    (stored,) = built.stores.assessments.runs_in_states([State.CREATED])
    with pytest.raises(StoreError):
        built.app.runs.stop(stored.arn, StopAction.SKIP_EVALUATION)
    built.workflows.refusing = False
    assert built.assembly.pending_runs().start({State.CREATED}) == 1
    assert built.workflows.started == {stored.arn: (RUN_WORKFLOW, stored.arn)}
    kept = built.stores.assessments.runs_by_arn([stored.arn])[stored.arn]
    assert kept.stop_action is StopAction.SKIP_EVALUATION
    built.reached(stored.arn, State.START_DATA_COLLECTION_PENDING)
    assert built.assembly.pending_runs().start({State.CREATED}) == 0


def test_a_host_that_became_healthy_after_the_start_is_excluded(built: BuiltInstallation) -> None:
    templated(built)
    late = built.enrolled(2)
    built.heartbeat(1)
    arn = built.app.runs.start(TEMPLATE.arn, None)
    run = built.stores.assessments.runs_by_arn([arn])[arn]
    built.heartbeat(2)
    (only,) = built.assembly.run_exclusions().before(run)
    assert only.kind is ExclusionKind.AGENT_UNHEALTHY
    assert late.id in only.description


def test_leftovers_of_a_deleted_run_are_deleted(built: BuiltInstallation) -> None:
    templated(built)
    built.heartbeat(1)
    kept = built.app.runs.start(TEMPLATE.arn, None)
    gone = builders.run(9).arn
    built.produced(builders.finding(1, kept), builders.finding(2, gone), builders.exclusion(3, gone))
    assert built.assembly.deletion().delete_orphans() == 1
    assert built.stores.findings.runs() == [kept]
    assert built.shredded == [gone]
    assert built.assembly.deletion().delete_orphans() == 0


def test_interrupted_deletion_hides_everything_and_completes_later(
    built: BuiltInstallation,
) -> None:
    def unreachable(_run: RunArn) -> None:
        raise StoreError("the object store does not answer")

    template = templated(built)
    arns = [built.app.runs.start(template, None) for _ in range(2)]
    for arn in arns:
        built.end_run(arn)
        built.produced(builders.finding(1, arn))
    built.stores.subscriptions.add(subscribed(), 50)
    with pytest.raises(StoreError):
        built.with_surroundings(shred_telemetry=unreachable).use_cases().targets.delete(builders.target().arn)
    assert built.stores.findings.runs() == []
    assert built.stores.subscriptions.templates() == []
    assert built.shredded == []
    assert built.assembly.deletion().delete_orphans() == len(arns)
    assert built.shredded == sorted(arns)
    assert built.stores.rule_results.runs() == []
    assert built.assembly.deletion().delete_orphans() == 0


def test_orphaned_telemetry_is_found_by_its_key(built: BuiltInstallation) -> None:
    gone = builders.run(9).arn
    built.sent(gone, built.heartbeat(1), InspectorPackageInfo=(1, 1))
    built.clock.advance(1)
    assert built.assembly.deletion().delete_orphans() == 1
    assert built.shredded == [gone]


def test_orphaned_disabled_schedule_is_deleted(built: BuiltInstallation) -> None:
    kept, gone = templated(built), builders.template(9).arn
    for number, template in ((1, 1), (2, 9)):
        built.stores.schedules.add(schedule(number, template=template, enabled=False))
    built.assembly.deletion().delete_orphans()
    assert built.stores.schedules.templates() == [kept]
    assert gone not in built.stores.schedules.templates()
