"""Agents of a run that may still send telemetry."""

from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.telemetry_store import TelemetryStore


def open_agents(assessments: AssessmentStore, telemetry: TelemetryStore, run: RunArn) -> tuple[AgentId, ...]:
    """Return the agents of a run that have not closed their stream, sorted."""
    closed = {stream.agent_id for stream in telemetry.streams(run) if stream.closed_at is not None}
    return tuple(agent for agent in assessments.run_agents(run) if agent not in closed)
