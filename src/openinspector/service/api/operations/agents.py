"""Agents: previewed of a target, and listed of a run with their telemetry."""

from collections.abc import Mapping, Sequence
from ipaddress import AddressValueError, IPv4Address
from typing import Final

from openinspector.model.agent import Agent, AgentId
from openinspector.model.arn import RunArn
from openinspector.model.assessment import AssessmentRun
from openinspector.service.api.listing import Listing
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app import arguments as named
from openinspector.service.app.targets import target_agents
from openinspector.service.app.telemetry_metadata import metadata_of
from openinspector.service.ports.page import Cursor, Page, PageRequest

_PREVIEWS: Final = Listing(operation="PreviewAgents")
_RUN_AGENTS: Final = Listing(operation="ListAssessmentRunAgents", cap=500)


def preview_agents(services: ApiServices, arguments: Json) -> Json:
    """Return the hosts a target selects now, with their agents' health (F4.63, F4.64)."""
    target = named.existing_target(services.installation, arguments["previewAgentsArn"])
    selected = target_agents(services.installation, target)
    rows, more = _PREVIEWS.page(services, arguments, lambda page: _page(selected, page))
    return {"agentPreviews": [_preview(services, agent) for agent in rows], **more}


def list_assessment_run_agents(services: ApiServices, arguments: Json) -> Json:
    """Return the agents of a run; empty filter lists mean no restriction (F4.62)."""
    run = named.existing_run(services.installation, arguments["assessmentRunArn"])
    wanted = [agent for agent in _agents_of(services, run) if _matches(services, agent, arguments.get("filter", {}))]
    rows, more = _RUN_AGENTS.page(services, arguments, lambda page: _page(wanted, page))
    volumes = services.installation.telemetry.volumes(run.arn)
    telemetry = {agent: metadata_of([found]) for agent, found in volumes.items()}
    return {"assessmentRunAgents": [_run_agent(services, run.arn, agent, telemetry) for agent in rows], **more}


def _agents_of(services: ApiServices, run: AssessmentRun) -> list[Agent]:
    """Return a run's agents by id; of one that was revoked since, only the id is known."""
    ids = services.installation.assessments.run_agents(run.arn)
    known = {agent.id: agent for agent in services.installation.agents.agents_by_id(ids)}
    return [known.get(id_) or Agent(id=id_, public_key=b"", tags=(), enrolled_at=run.created_at) for id_ in ids]


def _matches(services: ApiServices, agent: Agent, asked: Json) -> bool:
    now = services.clock.now()
    healths, codes = asked.get("agentHealths"), asked.get("agentHealthCodes")
    return (not healths or agent.health(now) in healths) and (not codes or agent.current_health_code(now) in codes)


def _page(agents: Sequence[Agent], page: PageRequest) -> Page[Agent]:
    """Return one page in the order of ids."""
    after = page.after.arn if page.after is not None else ""
    later = [agent for agent in agents if agent.id > after]
    rows = later[: page.limit]
    following = Cursor(created_at=rows[-1].enrolled_at, arn=rows[-1].id) if len(later) > page.limit else None
    return Page(rows=rows, next=following)


def _preview(services: ApiServices, agent: Agent) -> Json:
    host = agent.host
    return {
        "agentId": agent.id,
        "hostname": _said(host.hostname, 256),
        "autoScalingGroup": agent.auto_scaling_group,
        "agentHealth": agent.health(services.clock.now()),
        "agentVersion": _said(host.agent_version, 128),
        "operatingSystem": _said(host.operating_system, 256),
        "kernelVersion": _said(host.kernel_version, 128),
        "ipv4Address": _address(host.ipv4_address),
    }


def _said(text: str, longest: int) -> str | None:
    """Return what a host says of itself, at most as long as the API has it: a host may say anything."""
    return text[:longest] or None


def _address(text: str) -> str | None:
    """Return an IPv4 address; None where what the host says is none."""
    try:
        return str(IPv4Address(text))
    except AddressValueError:
        return None


def _run_agent(services: ApiServices, run: RunArn, agent: Agent, telemetry: Mapping[AgentId, Sequence[Json]]) -> Json:
    now = services.clock.now()
    return {
        "agentId": agent.id,
        "assessmentRunArn": run,
        "agentHealth": agent.health(now),
        "agentHealthCode": agent.current_health_code(now),
        "agentHealthDetails": agent.health_details or None,
        "autoScalingGroup": agent.auto_scaling_group,
        "telemetryMetadata": telemetry.get(agent.id, []),
    }
