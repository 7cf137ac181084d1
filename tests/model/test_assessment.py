"""Resource groups select by any tag; runs derive their times from their state changes (F4.3, F4.4, F4.55)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from openinspector.model.arn import ArnRealm, run_arn, template_arn
from openinspector.model.assessment import AssessmentRun, ResourceGroup, StateChange, StopAction
from openinspector.model.asset import Tag
from openinspector.model.finding import Severity
from openinspector.model.run_state import AssessmentRunState as State

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
REALM = ArnRealm()


@pytest.mark.parametrize(
    ("wanted", "host", "selected"),
    [
        ([Tag(key="Env", value="prod")], [Tag(key="Env", value="prod")], True),
        ([Tag(key="Env", value="prod")], [Tag(key="Env", value="test")], False),
        ([Tag(key="Env")], [Tag(key="Env", value="test")], True),
        ([Tag(key="Env", value="prod"), Tag(key="Role", value="web")], [Tag(key="Role", value="web")], True),
        ([Tag(key="env", value="prod")], [Tag(key="Env", value="prod")], False),
        ([Tag(key="Env", value="prod")], [], False),
    ],
)
def test_a_group_selects_by_any_tag(wanted: list[Tag], host: list[Tag], *, selected: bool) -> None:
    group = ResourceGroup(arn=REALM.resource_group("0-12345678"), tags=tuple(wanted), created_at=NOW)
    assert group.selects(tuple(host)) is selected


def run(*states: State) -> AssessmentRun:
    return AssessmentRun(
        arn=run_arn(template_arn(REALM.target("0-12345678"), "0-12345678"), "0-12345678"),
        name="Run 1",
        template_arn=template_arn(REALM.target("0-12345678"), "0-12345678"),
        duration_seconds=180,
        rules_package_arns=(),
        user_attributes=(),
        created_at=NOW,
        state_changes=tuple(StateChange(at=NOW + timedelta(seconds=i), state=s) for i, s in enumerate(states)),
        finding_counts=dict.fromkeys(Severity, 0),
    )


def test_a_new_run() -> None:
    fresh = run(State.CREATED)
    assert fresh.in_progress
    assert (fresh.started_at, fresh.completed_at, fresh.data_collected) == (None, None, False)


@pytest.mark.parametrize(
    ("action", "stopping", "early"),
    [
        (StopAction.START_EVALUATION, 180, True),
        (StopAction.START_EVALUATION, 181, False),
        (StopAction.START_EVALUATION, None, False),
        (None, 100, False),
    ],
)
def test_a_run_is_stopped_early_before_its_duration_is_over(
    action: StopAction | None, stopping: int | None, *, early: bool
) -> None:
    collecting = run(State.CREATED, State.COLLECTING_DATA)
    change = [] if stopping is None else [State.STOP_DATA_COLLECTION_PENDING]
    later = tuple(StateChange(at=NOW + timedelta(seconds=stopping or 0), state=state) for state in change)
    assert (
        replace(collecting, stop_action=action, state_changes=(*collecting.state_changes, *later)).stopped_early
        is early
    )


def test_a_run_that_has_ended() -> None:
    over = run(State.CREATED, State.COLLECTING_DATA, State.DATA_COLLECTED, State.COMPLETED)
    assert not over.in_progress
    assert over.started_at == NOW + timedelta(seconds=1)
    assert over.completed_at == over.state_changed_at == NOW + timedelta(seconds=3)
    assert over.data_collected
