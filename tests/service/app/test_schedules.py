"""Schedules: their life, and the runs they start, each once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from openinspector.model.arn import RunArn, ScheduleArn, TemplateArn, schedule_arn
from openinspector.model.schedule import Schedule
from openinspector.service.app.errors import InvalidInput, LimitExceeded, NoSuchEntity, NotFound
from openinspector.service.app.schedules import (
    MAX_SCHEDULES,
    ScheduleChange,
)
from openinspector.service.settings import Settings
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.record_sql import SCHEDULES, SqlListedRecordStore
from openinspector.testing import model_builders as builders
from openinspector.testing.counts import count_runs
from openinspector.testing.installation import PACKAGES, BuiltInstallation
from openinspector.testing.record_builders import schedule
from openinspector.testing.recorded_workflows import RecordedWorkflows

DAY = timedelta(days=1).total_seconds()
TEMPLATE = builders.template(rules_package_arns=(PACKAGES[0].arn,))


@pytest.fixture
def daily(built: BuiltInstallation) -> Schedule:
    built.stores.assessments.add_target(builders.target())
    built.stores.assessments.add_template(TEMPLATE)
    return built.app.schedules.create(TEMPLATE.arn, "rate(1 day)")


def ended(built: BuiltInstallation, runs: tuple[RunArn, ...]) -> int:
    """End runs, so that their hosts are free again; return the number of runs."""
    for run in runs:
        built.end_run(run)
    return len(runs)


def now(built: BuiltInstallation, daily: Schedule) -> Schedule:
    return built.app.schedules.existing(daily.arn)


def test_the_first_run_of_a_rate_starts_at_once(built: BuiltInstallation, daily: Schedule) -> None:
    (run,) = built.assembly.schedule_starter().start_due()
    found = built.stores.assessments.runs_by_arn([run])[run]
    assert found.name.startswith("Scheduled 2")
    assert found.template_arn == TEMPLATE.arn
    after = now(built, daily)
    assert (after.last_run_arn, after.next_at) == (run, daily.next_at + timedelta(days=1))
    assert built.assembly.schedule_starter().start_due() == ()


def test_rate_repeats(built: BuiltInstallation, daily: Schedule) -> None:
    del daily
    assert ended(built, built.assembly.schedule_starter().start_due()) == 1
    for _ in range(3):
        built.clock.advance(DAY)
        assert ended(built, built.assembly.schedule_starter().start_due()) == 1
    assert count_runs(built.stores.assessments) == 4


def test_missed_runs_are_caught_up_once(built: BuiltInstallation, daily: Schedule) -> None:
    ended(built, built.assembly.schedule_starter().start_due())
    built.clock.advance(5.5 * DAY)
    assert ended(built, built.assembly.schedule_starter().start_due()) == 1
    assert built.assembly.schedule_starter().start_due() == ()
    assert now(built, daily).next_at == daily.next_at + timedelta(days=6)


def test_a_run_started_before_the_process_died_is_not_started_twice(built: BuiltInstallation, daily: Schedule) -> None:
    (run,) = built.assembly.schedule_starter().start_due()
    built.stores.schedules.replace(now(built, daily), daily)  # what the store held when the process died in between
    built.end_run(run)
    assert built.assembly.schedule_starter().start_due() == ()
    assert count_runs(built.stores.assessments) == 1
    assert now(built, daily).next_at > built.clock.now()


def test_failed_start_is_retried_and_explained(built: BuiltInstallation, daily: Schedule) -> None:
    built.heartbeat(1)
    by_hand = built.app.runs.start(TEMPLATE.arn, "by hand")
    assert built.assembly.schedule_starter().start_due() == ()
    assert "already take part" in now(built, daily).last_problem
    built.end_run(by_hand)
    assert len(built.assembly.schedule_starter().start_due()) == 1
    assert now(built, daily).last_problem == ""


def test_waiting_schedule_does_not_block_others(built: BuiltInstallation, daily: Schedule) -> None:
    del daily
    built.heartbeat(1)
    built.app.runs.start(TEMPLATE.arn, "by hand")
    target = builders.target(2, resource_group_arn=builders.resource_group().arn)
    built.stores.assessments.add_resource_group(builders.resource_group())
    built.stores.assessments.add_target(target)
    other = builders.template(2, target.arn, rules_package_arns=(PACKAGES[0].arn,))
    built.stores.assessments.add_template(other)
    built.app.schedules.create(other.arn, "rate(1 day)")
    (run,) = built.assembly.schedule_starter().start_due()
    assert run.startswith(other.arn)


def test_a_paused_schedule_starts_nothing_and_does_not_catch_up(built: BuiltInstallation, daily: Schedule) -> None:
    built.app.schedules.update(daily.arn, ScheduleChange(enabled=False))
    built.clock.advance(2.5 * DAY)
    assert built.assembly.schedule_starter().start_due() == ()
    resumed = built.app.schedules.update(daily.arn, ScheduleChange(enabled=True))
    assert built.assembly.schedule_starter().start_due() == ()
    assert resumed.next_at == daily.next_at + timedelta(days=3)


class ChangedMeanwhile(RecordedWorkflows):
    """Workflows that let a schedule be changed while its run is being started."""

    def __init__(self, change: Callable[[], object]) -> None:
        super().__init__()
        self._change = change

    def start(self, name: str, workflow_id: str, argument: str) -> None:
        """Note a workflow; the change is made before."""
        self._change()
        super().start(name, workflow_id, argument)


@pytest.mark.parametrize("change", [ScheduleChange(enabled=False), ScheduleChange(expression="cron(0 3 * * *)")])
def test_change_during_a_start_is_kept(built: BuiltInstallation, daily: Schedule, change: ScheduleChange) -> None:
    workflows = ChangedMeanwhile(lambda: built.app.schedules.update(daily.arn, change))
    assert len(built.with_surroundings(workflows=workflows).schedule_starter().start_due()) == 1
    after = now(built, daily)
    assert after.enabled is (change.enabled is None)
    assert after.expression == (change.expression or daily.expression)


def test_change_applies_after_a_concurrent_start(built: BuiltInstallation, daily: Schedule, tmp_path: Path) -> None:
    class StartedMeanwhile(SqlListedRecordStore[ScheduleArn, Schedule]):
        def get(self, key: ScheduleArn) -> Schedule | None:
            found = super().get(key)
            built.assembly.schedule_starter().start_due()
            return found

    racing = StartedMeanwhile(open_engine(Settings(data_dir=tmp_path).database), SCHEDULES)
    changed = (
        built.with_stores(schedules=racing)
        .use_cases()
        .schedules.update(daily.arn, ScheduleChange(expression="rate(2 days)"))
    )
    assert changed == racing.get(daily.arn)
    assert changed.last_run_arn is not None
    assert changed.expression == "rate(2 days)"


def test_schedules_of_one_template_that_are_due_together_start_a_run_each(
    built: BuiltInstallation, daily: Schedule
) -> None:
    other = built.app.schedules.create(TEMPLATE.arn, "rate(2 days)")
    assert other.next_at == daily.next_at
    runs = built.assembly.schedule_starter().start_due()
    assert sorted(runs) == sorted(now(built, one).last_run_arn or "" for one in (daily, other))
    assert len(set(runs)) == len((daily, other))


def test_run_name_is_valid_in_the_api(built: BuiltInstallation, daily: Schedule) -> None:
    longest = schedule_arn(TEMPLATE.arn, f"0-{'x' * 32}")
    built.stores.schedules.add(replace(daily, arn=longest))
    built.stores.schedules.delete(daily.arn)
    (run,) = built.assembly.schedule_starter().start_due()
    assert len(built.stores.assessments.runs_by_arn([run])[run].name) <= 140


def test_new_expression_resets_the_next_time(built: BuiltInstallation, daily: Schedule) -> None:
    changed = built.app.schedules.update(daily.arn, ScheduleChange(expression="cron(0 3 * * *)"))
    assert changed.next_at.hour == 3
    assert changed.next_at > built.clock.now()
    assert built.app.schedules.update(daily.arn, ScheduleChange()) == changed


def test_schedule_is_deleted_with_its_template_or_target(built: BuiltInstallation, daily: Schedule) -> None:
    del daily
    other = builders.template(2)
    built.stores.assessments.add_template(other)
    built.app.schedules.create(other.arn, "rate(1 day)")
    built.app.templates.delete(other.arn)
    assert built.stores.schedules.count() == 1
    built.app.targets.delete(builders.target().arn)
    assert built.stores.schedules.count() == 0


def test_orphaned_schedule_is_deleted(built: BuiltInstallation, daily: Schedule) -> None:
    built.stores.assessments.delete_template(TEMPLATE.arn)
    assert built.assembly.schedule_starter().start_due() == ()
    assert built.stores.schedules.get(daily.arn) is None


def test_rejects_invalid_schedules(built: BuiltInstallation, daily: Schedule) -> None:
    with pytest.raises(InvalidInput, match="is not a schedule"):
        built.app.schedules.create(TEMPLATE.arn, "every Monday")
    with pytest.raises(InvalidInput, match="is not a schedule"):
        built.app.schedules.update(daily.arn, ScheduleChange(expression="rate(1 second)"))
    with pytest.raises(NoSuchEntity):
        built.app.schedules.create(TemplateArn(builders.template(9).arn), "rate(1 day)")
    with pytest.raises(InvalidInput):
        built.app.schedules.delete(TEMPLATE.arn)
    built.app.schedules.delete(daily.arn)
    with pytest.raises(NotFound):
        built.app.schedules.delete(daily.arn)
    with pytest.raises(NotFound):
        built.app.schedules.update(daily.arn, ScheduleChange(enabled=True))


def test_obsolete_expression_is_reported_and_does_not_block_others(built: BuiltInstallation, daily: Schedule) -> None:
    """Versions before took both fields for days at once."""
    old = schedule(9, expression="cron(0 0 1 * 2 *)", next_at=daily.next_at - timedelta(days=1))
    built.stores.schedules.add(old)
    assert len(built.assembly.schedule_starter().start_due()) == 1
    assert "must be ?" in now(built, old).last_problem
    built.app.schedules.update(old.arn, ScheduleChange(enabled=False))
    with pytest.raises(InvalidInput, match="must be"):
        built.app.schedules.update(old.arn, ScheduleChange(enabled=True))
    assert built.app.schedules.update(old.arn, ScheduleChange(expression="rate(1 day)")).expression


def test_number_of_schedules_is_limited(built: BuiltInstallation, daily: Schedule) -> None:
    del daily
    for number in range(MAX_SCHEDULES - 1):
        built.stores.schedules.add(schedule(number + 1, template=2))
    with pytest.raises(LimitExceeded):
        built.app.schedules.create(TEMPLATE.arn, "rate(1 day)")
