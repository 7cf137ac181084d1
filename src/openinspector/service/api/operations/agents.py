"""Agents: previewed for a target, and listed for a run with their telemetry."""

from functools import partial
from ipaddress import AddressValueError, IPv4Address
from typing import Final

from openinspector.model.agent import Agent
from openinspector.service.api.listing import Listing
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app.agents import RunAgent, RunAgentFilter

_PREVIEWS: Final = Listing(operation="PreviewAgents")
_RUN_AGENTS: Final = Listing(operation="ListAssessmentRunAgents", cap=500)


def preview_agents(services: ApiServices, arguments: Json) -> Json:
    """Return the hosts that a target selects now, with their agents' health (F4.63, F4.64)."""
    rows, more = _PREVIEWS.page(
        services, arguments, partial(services.app.agents.preview, arguments["previewAgentsArn"])
    )
    return {"agentPreviews": [_preview(services, agent) for agent in rows], **more}


def list_assessment_run_agents(services: ApiServices, arguments: Json) -> Json:
    """Return the agents of a run; an empty filter list does not restrict (F4.62)."""
    asked = arguments.get("filter", {})
    wanted = RunAgentFilter(healths=asked.get("agentHealths", []), health_codes=asked.get("agentHealthCodes", []))
    list_page = partial(services.app.agents.of_run, arguments["assessmentRunArn"], wanted)
    rows, more = _RUN_AGENTS.page(services, arguments, list_page)
    return {"assessmentRunAgents": [_run_agent(services, row) for row in rows], **more}


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
    """Return a text of a host, cut to the bound of the API; None if it is empty."""
    return text[:longest] or None


def _address(text: str) -> str | None:
    """Return an IPv4 address of a host; None if it is malformed."""
    try:
        return str(IPv4Address(text))
    except AddressValueError:
        return None


def _run_agent(services: ApiServices, row: RunAgent) -> Json:
    now, agent = services.clock.now(), row.agent
    return {
        "agentId": agent.id,
        "assessmentRunArn": row.run_arn,
        "agentHealth": agent.health(now),
        "agentHealthCode": agent.current_health_code(now),
        "agentHealthDetails": agent.health_details or None,
        "autoScalingGroup": agent.auto_scaling_group,
        "telemetryMetadata": row.telemetry,
    }
