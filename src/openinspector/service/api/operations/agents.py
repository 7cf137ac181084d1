"""Hosts and instances: previewed for a target, and listed for a run with their telemetry."""

from functools import partial
from ipaddress import AddressValueError, IPv4Address
from typing import Final

from openinspector.model.agent import HostDescription
from openinspector.service.api.listing import Listing
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app.agents import RunAgent, RunAgentFilter
from openinspector.service.app.target_members import TargetMember

_PREVIEWS: Final = Listing(operation="PreviewAgents")
_RUN_AGENTS: Final = Listing(operation="ListAssessmentRunAgents", cap=500)


def preview_agents(services: ApiServices, arguments: Json) -> Json:
    """Return the hosts and instances that a target selects now, with the health of their agents (F4.63, F4.64)."""
    rows, more = _PREVIEWS.page(
        services, arguments, partial(services.app.agents.preview, arguments["previewAgentsArn"])
    )
    return {"agentPreviews": [_preview(services, member) for member in rows], **more}


def list_assessment_run_agents(services: ApiServices, arguments: Json) -> Json:
    """Return the hosts and instances of a run; an empty filter list does not restrict (F4.62)."""
    asked = arguments.get("filter", {})
    wanted = RunAgentFilter(healths=asked.get("agentHealths", []), health_codes=asked.get("agentHealthCodes", []))
    list_page = partial(services.app.agents.of_run, arguments["assessmentRunArn"], wanted)
    rows, more = _RUN_AGENTS.page(services, arguments, list_page)
    return {"assessmentRunAgents": [_run_agent(services, row) for row in rows], **more}


def _preview(services: ApiServices, member: TargetMember) -> Json:
    host = member.agent.host if member.agent is not None else HostDescription()
    instance = member.instance
    addresses = instance.ipv4_addresses if instance is not None else ()
    return {
        "agentId": member.id,
        "hostname": _said(host.hostname or (instance.hostname if instance is not None else ""), 256),
        "autoScalingGroup": member.auto_scaling_group,
        "agentHealth": member.health(services.clock.now()),
        "agentVersion": _said(host.agent_version, 128),
        "operatingSystem": _said(host.operating_system, 256),
        "kernelVersion": _said(host.kernel_version, 128),
        "ipv4Address": _address(host.ipv4_address) or next(filter(None, map(_address, addresses)), None),
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
    now, member = services.clock.now(), row.member
    return {
        "agentId": member.id,
        "assessmentRunArn": row.run_arn,
        "agentHealth": member.health(now),
        "agentHealthCode": member.health_code(now),
        "agentHealthDetails": (member.agent.health_details if member.agent is not None else "") or None,
        "autoScalingGroup": member.auto_scaling_group,
        "telemetryMetadata": row.telemetry,
    }
