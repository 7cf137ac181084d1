"""Assessment runs in SQL; part of `assessment_sql`.

A run in progress holds its agents: each has one row in ``busy_agent``, whose primary key is the agent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, bindparam, delete, func, insert, select, update

from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn, TemplateArn
from openinspector.model.assessment import AssessmentRun, StateChange, StopAction
from openinspector.model.finding import Severity
from openinspector.model.run_state import AssessmentRunState, check_transition
from openinspector.service.ports.assessment_store import (
    AgentsBusyError,
    MissingError,
    NameTakenError,
    QuotaError,
    RunFilter,
    RunInProgressError,
)
from openinspector.service.ports.change_store import ChangeKind
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.stores.change_sql import record_change
from openinspector.service.stores.dialect import add_new, check_room, insert_or_keep, lock_name, matches
from openinspector.service.stores.engine import reading, reading_once, writing
from openinspector.service.stores.query import (
    by_arn,
    in_batches,
    in_durations,
    in_times,
    names_all,
    read_page,
    rows_by_arn,
)
from openinspector.service.stores.schema import BUSY_AGENT, RUN, RUN_AGENT, RUN_INSTANCE, TEMPLATE

_BY_ARN: Final = by_arn(RUN)
_STATE_FOR: Final = (
    select(RUN.c.state)
    .join(RUN_AGENT, RUN_AGENT.c.run_arn == RUN.c.arn)
    .where(RUN.c.arn == bindparam("run"), RUN_AGENT.c.agent_id == bindparam("agent"))
)
"""Built once: every upload executes it."""


class SqlRuns:
    """The part of the assessment store about runs."""

    _engine: Engine

    def add_run(
        self,
        run: AssessmentRun,
        agents: Sequence[AgentId],
        instances: Sequence[AgentId] = (),
        *,
        most: int | None = None,
        most_agents: int | None = None,
    ) -> None:
        """Add a run, reserve its agents and note its instances without telemetry, all or nothing.

        Raises MissingError (the template), QuotaError, NameTakenError (for the template), AgentsBusyError.
        """
        parent = select(TEMPLATE.c.arn).where(TEMPLATE.c.arn == run.template_arn)
        with writing(self._engine) as connection:
            if connection.scalar(parent.with_for_update(key_share=True, read=True)) is None:
                raise MissingError(f"no assessment template {run.template_arn}")
            check_room(connection, RUN, "assessment runs", most)
            if not add_new(connection, RUN, ("template_arn", "name"), {**_row(run), "unannounced": 1}):
                message = f"another run of the template is named {run.name!r}"
                raise NameTakenError(message, advice="Choose another name.")
            # In one order everywhere, so that two runs never wait for each other.
            members = [{"run_arn": run.arn, "agent_id": agent} for agent in sorted(set(agents))]
            others = [{"run_arn": run.arn, "instance_id": instance} for instance in sorted(set(instances))]
            if members:
                _reserve(connection, run, members)
                connection.execute(insert(RUN_AGENT), members)
            if others:
                connection.execute(insert(RUN_INSTANCE), others)
            if members or others:
                # Last: if agents are busy, that error takes precedence over the quota (F4.32).
                _check_instances(connection, most_agents, len(members) + len(others))

    def runs_by_arn(self, arns: Sequence[RunArn]) -> Mapping[RunArn, AssessmentRun]:
        """Return the runs that exist."""
        return {row.arn: _run(row) for row in rows_by_arn(self._engine, _BY_ARN, arns)}

    def list_runs(self, wanted: RunFilter, page: PageRequest) -> Page[AssessmentRun]:
        """Return one page of runs."""
        query = select(RUN).where(
            *in_durations(RUN.c.duration_seconds, wanted.duration),
            *in_times(RUN.c.started_at, wanted.started),
            *in_times(RUN.c.completed_at, wanted.completed),
            *in_times(RUN.c.state_changed_at, wanted.state_changed),
        )
        if wanted.template_arns:
            query = query.where(RUN.c.template_arn.in_(wanted.template_arns))
        if wanted.states:
            query = query.where(RUN.c.state.in_(wanted.states))
        with reading_once(self._engine) as connection:
            if wanted.name_pattern is not None:
                query = query.where(matches(connection, RUN.c.name, wanted.name_pattern))
            if wanted.rules_package_arns:
                query = query.where(names_all(connection, RUN.c.rules_package_arns, wanted.rules_package_arns))
            return read_page(connection, query, RUN, page, _run)

    def delete_run(self, arn: RunArn) -> None:
        """Delete a run; RunInProgressError, MissingError."""
        with writing(self._engine) as connection:
            _delete_runs(connection, [_hold(connection, arn)])

    def runs_in_states(self, states: Sequence[AssessmentRunState]) -> Sequence[AssessmentRun]:
        """Return every run in one of ``states``, oldest first."""
        query = select(RUN).where(RUN.c.state.in_(states)).order_by(RUN.c.created_at, RUN.c.arn)
        with reading(self._engine) as connection:
            return [_run(row) for row in connection.execute(query)]

    def run_agents(self, arn: RunArn) -> tuple[AgentId, ...]:
        """Return the agents of a run, sorted."""
        query = select(RUN_AGENT.c.agent_id).where(RUN_AGENT.c.run_arn == arn).order_by(RUN_AGENT.c.agent_id)
        with reading(self._engine) as connection:
            return tuple(AgentId(agent) for agent in connection.scalars(query))

    def run_instances(self, arn: RunArn) -> tuple[AgentId, ...]:
        """Return the instances of a run that send no telemetry in it, sorted."""
        column = RUN_INSTANCE.c.instance_id
        with reading(self._engine) as connection:
            found = connection.scalars(select(column).where(RUN_INSTANCE.c.run_arn == arn).order_by(column))
            return tuple(map(AgentId, found))

    def state_for(self, arn: RunArn, agent: AgentId) -> AssessmentRunState | None:
        """Return the state of a run; None if it does not exist or the agent does not take part in it."""
        with reading_once(self._engine) as connection:
            state = connection.scalar(_STATE_FOR, {"run": arn, "agent": agent})
        return None if state is None else AssessmentRunState(state)

    def busy_agents(self, agents: Sequence[AgentId]) -> tuple[tuple[AgentId, RunArn], ...]:
        """Return which of ``agents`` take part in a run in progress, sorted."""
        found: list[tuple[AgentId, RunArn]] = []
        with reading(self._engine) as connection:
            for wanted in in_batches(agents):
                query = select(BUSY_AGENT).where(BUSY_AGENT.c.agent_id.in_(wanted))
                found.extend((row.agent_id, row.run_arn) for row in connection.execute(query))
        return tuple(sorted(found))

    def advance_run(self, arn: RunArn, state: AssessmentRunState, at: datetime) -> AssessmentRun:
        """Enter ``state`` and return the run; no effect if it is in that state.

        Raises MissingError, and ModelError if the transition is not legal from the stored state.
        """

        def enter(run: AssessmentRun) -> AssessmentRun:
            if run.state is state:
                return run
            check_transition(run.state, state)
            return replace(run, state_changes=(*run.state_changes, StateChange(at=at, state=state)))

        return self._change(arn, enter)

    def request_stop(self, arn: RunArn, action: StopAction) -> AssessmentRun:
        """Record a request to stop; the first SKIP_EVALUATION wins. No effect on an ended run. MissingError."""

        def stop(run: AssessmentRun) -> AssessmentRun:
            if not run.in_progress or run.stop_action is StopAction.SKIP_EVALUATION:
                return run
            return replace(run, stop_action=action)

        return self._change(arn, stop)

    def set_finding_counts(self, arn: RunArn, counts: Mapping[Severity, int]) -> None:
        """Store a run's finding counts; MissingError."""
        self._change(arn, lambda run: replace(run, finding_counts=dict(counts)))

    def runs_to_announce(self, limit: int) -> Sequence[AssessmentRun]:
        """Return runs that entered a state since `mark_announced`, oldest first."""
        query = select(RUN).where(RUN.c.unannounced == 1).order_by(RUN.c.created_at, RUN.c.arn).limit(limit)
        with reading(self._engine) as connection:
            return [_run(row) for row in connection.execute(query)]

    def mark_announced(self, arn: RunArn, state: AssessmentRunState) -> None:
        """Mark all states up to ``state`` as announced; no effect if the run entered another state."""
        with writing(self._engine) as connection:
            connection.execute(update(RUN).where(RUN.c.arn == arn, RUN.c.state == state).values(unannounced=0))

    def _change(self, arn: RunArn, change: Callable[[AssessmentRun], AssessmentRun]) -> AssessmentRun:
        """Read, change and write one run under a lock."""
        with writing(self._engine) as connection:
            before = _hold(connection, arn)
            after = change(before)
            if after != before:
                announcing = {"unannounced": 1} if after.state is not before.state else {}
                connection.execute(update(RUN).where(RUN.c.arn == arn).values(**_row(after), **announcing))
            if not after.in_progress:
                connection.execute(delete(BUSY_AGENT).where(BUSY_AGENT.c.run_arn == arn))
            if before.in_progress and not after.in_progress:
                record_change(connection, ChangeKind.RUN_ENDED, arn)
        return after


def delete_templates(connection: Connection, templates: Sequence[TemplateArn]) -> tuple[RunArn, ...]:
    """Delete templates, which the caller has locked, and their runs; return those runs. Raises RunInProgressError."""
    query = select(RUN).where(RUN.c.template_arn.in_(templates)).order_by(RUN.c.created_at, RUN.c.arn)
    runs = [_run(row) for row in connection.execute(query)]
    _delete_runs(connection, runs)
    connection.execute(delete(TEMPLATE).where(TEMPLATE.c.arn.in_(templates)))
    return tuple(run.arn for run in runs)


def _delete_runs(connection: Connection, runs: Sequence[AssessmentRun]) -> None:
    busy = tuple(run.arn for run in runs if run.in_progress)
    if busy:
        raise RunInProgressError(busy)
    for wanted in in_batches([run.arn for run in runs]):
        connection.execute(delete(RUN_AGENT).where(RUN_AGENT.c.run_arn.in_(wanted)))
        connection.execute(delete(RUN_INSTANCE).where(RUN_INSTANCE.c.run_arn.in_(wanted)))
        connection.execute(delete(RUN).where(RUN.c.arn.in_(wanted)))


def _reserve(connection: Connection, run: AssessmentRun, members: Sequence[Mapping[str, str]]) -> None:
    holders = connection.execute(insert_or_keep(connection, BUSY_AGENT, "run_arn"), members)
    busy = sorted((AgentId(row.agent_id), RunArn(row.run_arn)) for row in holders if row.run_arn != run.arn)
    if busy:
        raise AgentsBusyError(tuple(busy))


def _check_instances(connection: Connection, most: int | None, added: int) -> None:
    """Raise QuotaError if the runs in progress and the ``added`` rows of a new one exceed ``most``."""
    if most is None:
        return
    # One lock for both tables: a count waits for the other's rows.
    lock_name(connection, BUSY_AGENT.name)
    in_progress = select(RUN_INSTANCE.c.instance_id).join(RUN).where(RUN.c.completed_at.is_(None))
    instances = connection.scalars(select(func.count()).select_from(in_progress.subquery())).one()
    agents = connection.scalars(select(func.count()).select_from(BUSY_AGENT)).one()
    if agents + instances > most:
        raise QuotaError("instances being assessed", agents + instances - added, added, most)


def _hold(connection: Connection, arn: RunArn) -> AssessmentRun:
    """Return a run, locked until this transaction ends; MissingError."""
    row = connection.execute(select(RUN).where(RUN.c.arn == arn).with_for_update()).one_or_none()
    if row is None:
        raise MissingError(f"no assessment run {arn}")
    return _run(row)


def _row(run: AssessmentRun) -> dict[str, object]:
    return {
        "arn": run.arn,
        "name": run.name,
        "template_arn": run.template_arn,
        "duration_seconds": run.duration_seconds,
        "rules_package_arns": run.rules_package_arns,
        "user_attributes": run.user_attributes,
        "created_at": run.created_at,
        "state_changes": run.state_changes,
        "stop_action": run.stop_action,
        "finding_counts": run.finding_counts,
        "state": run.state,
        "state_changed_at": run.state_changed_at,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
    }


def _run(row: Row[Any]) -> AssessmentRun:
    return AssessmentRun(
        arn=row.arn,
        name=row.name,
        template_arn=row.template_arn,
        duration_seconds=row.duration_seconds,
        rules_package_arns=row.rules_package_arns,
        user_attributes=row.user_attributes,
        created_at=row.created_at,
        state_changes=row.state_changes,
        stop_action=None if row.stop_action is None else StopAction(row.stop_action),
        finding_counts=row.finding_counts,
    )
