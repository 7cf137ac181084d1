"""The hosts of a target that take part in a run, and exclusions of types 1 to 6 for the rest."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from openinspector.model.agent import Agent, AgentHealth, AgentId
from openinspector.model.arn import RulesPackageArn
from openinspector.model.exclusion import ALL_INSTANCES, ExclusionKind, ExclusionPreview, details_of, scopes_of
from openinspector.model.rules_package import RulesPackage
from openinspector.network.snapshot import ReadGap
from openinspector.service.app.sensor_catalogue import is_supported
from openinspector.service.app.target_members import Selection

NO_INSTANCES: Final = ExclusionPreview(
    kind=ExclusionKind.NO_INSTANCES,
    description="No enrolled host and no instance has any of the target's tags.",
    recommendation="Enrol hosts with a token that has a tag of the target's resource group, tag instances, or change "
    "the target. `openinspector targets preview` lists the hosts that it selects.",
    scopes=(ALL_INSTANCES,),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """The participants of a run, and the exclusions of the other hosts that its target selects."""

    participants: tuple[AgentId, ...]
    """In the order of ids."""
    exclusions: tuple[ExclusionPreview, ...]


def plan_run(selected: Sequence[Agent], busy: Collection[AgentId], now: datetime) -> RunPlan:
    """Return the plan for the hosts that a target selects. ``busy`` are the hosts of other runs in progress."""
    obstacles = {agent.id: _obstacle(agent, busy, now) for agent in selected}
    exclusions = [exclusion for exclusion in obstacles.values() if exclusion is not None]
    if not selected:
        exclusions.append(NO_INSTANCES)
    return RunPlan(
        participants=tuple(sorted(agent for agent, exclusion in obstacles.items() if exclusion is None)),
        exclusions=tuple(exclusions),
    )


def came_late(agent: Agent) -> ExclusionPreview:
    """Return the exclusion of a selected host whose agent became healthy after the run started."""
    return _excluded(
        agent,
        ExclusionKind.AGENT_UNHEALTHY,
        "was not healthy when the run started",
        "The agent is healthy now. Start the run again.",
    )


def already_running(agent: Agent, besides: str = "") -> ExclusionPreview:
    """Return the exclusion of a host that takes part in another run; ``besides`` ends the sentence."""
    return _excluded(
        agent,
        ExclusionKind.AGENT_ALREADY_RUNNING,
        f"takes part in another run{besides}",
        "Wait until that run has ended, then start this one again.",
    )


def excluded_instances(selections: Sequence[Selection]) -> tuple[ExclusionPreview, ...]:
    """Return the exclusions of instances without an agent, and of accounts whose instances could not be listed."""
    missing = [agent_not_installed(one.id) for selection in selections for one in selection.without_agent]
    return (*missing, *(_not_listed(gap) for selection in selections for gap in selection.gaps))


def unavailable_packages(
    offered: Sequence[RulesPackage], wanted: Sequence[RulesPackageArn]
) -> tuple[ExclusionPreview, ...]:
    """Return an exclusion for each of ``wanted`` that this installation does not offer (type 6, ADR 54)."""
    known = {package.arn for package in offered}
    return tuple(
        ExclusionPreview(
            kind=ExclusionKind.DEPRECATED_RULES_PACKAGE,
            description=f"This installation does not offer the rules package {arn}. None of its rules are evaluated.",
            recommendation="Create a new template without this rules package.",
            scopes=scopes_of(package=arn),
        )
        for arn in wanted
        if arn not in known
    )


def _obstacle(agent: Agent, busy: Collection[AgentId], now: datetime) -> ExclusionPreview | None:
    """Return why a host cannot take part; None if it can."""
    distribution = agent.host.distribution.partition(":")[0]
    match agent.health(now):
        case AgentHealth.UNKNOWN:
            return _excluded(
                agent,
                ExclusionKind.AGENT_NOT_FOUND,
                "has never sent a heartbeat",
                "Start the agent on the host: openinspector agent run.",
            )
        case AgentHealth.UNHEALTHY if agent.id in busy:
            return already_running(agent, " and does not respond")
        case AgentHealth.UNHEALTHY:
            code = agent.current_health_code(now)
            return _excluded(
                agent,
                ExclusionKind.AGENT_UNHEALTHY,
                f"is not healthy ({code})",
                "Check the agent on the host: openinspector agent status.",
                AGENT_HEALTH_CODE=code,
            )
        case AgentHealth.HEALTHY if distribution and not is_supported(distribution):
            return _excluded(
                agent,
                ExclusionKind.UNSUPPORTED_OS,
                f"runs on {agent.host.operating_system or distribution}, which no sensor reads",
                "Remove the host's tag, or use another target.",
            )
    return None


def _excluded(agent: Agent, kind: ExclusionKind, reason: str, remedy: str, **details: str) -> ExclusionPreview:
    name = f"{agent.id} ({agent.host.hostname})" if agent.host.hostname else agent.id
    return ExclusionPreview(
        kind=kind,
        description=f"The agent of instance {name} {reason}.",
        recommendation=remedy,
        scopes=scopes_of(agent.id),
        details=details_of(
            HOSTNAME=agent.host.hostname,
            OPERATING_SYSTEM=agent.host.operating_system or agent.host.distribution,
            **details,
        ),
    )


def instance_gone(instance: AgentId) -> ExclusionPreview:
    """Return the exclusion of an instance that was terminated between the start of the run and its snapshot."""
    return ExclusionPreview(
        kind=ExclusionKind.AGENT_NOT_FOUND,
        description=f"Instance {instance} was terminated after the run started. It was not judged.",
        recommendation="Start the run again if another instance took its place.",
        scopes=scopes_of(instance),
    )


def _not_listed(gap: ReadGap) -> ExclusionPreview:
    place = f"region {gap.region} of account {gap.account}" if gap.region else f"account {gap.account}"
    return ExclusionPreview(
        kind=ExclusionKind.EVALUATION_ERROR,
        description=f"The instances in {place} could not be listed: {gap.reason}. Hosts there are selected by the tags "
        "of their enrolment alone.",
        recommendation="`openinspector account policy` prints what the role must allow.",
        scopes=(ALL_INSTANCES,),
        details=details_of(ACCOUNT=gap.account, REGION=gap.region),
    )


def agent_not_installed(agent_id: AgentId) -> ExclusionPreview:
    """Return the exclusion of an instance that has no agent from the rules that need one (type 3)."""
    return ExclusionPreview(
        kind=ExclusionKind.AGENT_NOT_FOUND,
        description=f"No agent is enrolled on instance {agent_id}. Only rules that need none were evaluated on it.",
        recommendation="Install and enrol the agent on the instance: openinspector agent enrol.",
        scopes=scopes_of(agent_id),
    )
