"""Which hosts of a target take part in a run, and why the others do not: exclusions of types 1 to 5 and 9."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from openinspector.model.agent import Agent, AgentHealth, AgentId
from openinspector.model.arn import RulesPackageArn
from openinspector.model.exclusion import ExclusionKind, ExclusionPreview, Scope, ScopeKey
from openinspector.model.rules_package import RulesPackage

SUPPORTED: Final = frozenset(
    "debian ubuntu almalinux rocky rhel centos fedora amzn ol sles opensuse-leap alpine azurelinux mariner".split()  # noqa: SIM905
)
"""os-release ids of the systems whose packages or configuration the sensors understand (F12.8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """Who takes part, and what is excluded before anything is collected."""

    participants: tuple[AgentId, ...]
    exclusions: tuple[ExclusionPreview, ...]


def plan_run(selected: Sequence[Agent], busy: Collection[AgentId], now: datetime) -> RunPlan:
    """Judge every host a target selects. ``busy`` are those of other runs in progress."""
    judged = {agent.id: _obstacle(agent, busy, now) for agent in selected}
    exclusions = [exclusion for exclusion in judged.values() if exclusion is not None]
    if not selected:
        exclusions.append(_no_instances())
    return RunPlan(
        participants=tuple(sorted(agent for agent, exclusion in judged.items() if exclusion is None)),
        exclusions=tuple(exclusions),
    )


def came_late(agent: Agent) -> ExclusionPreview:
    """Return the exclusion of a host that a target selects, and that came into touch after the run was started."""
    return _excluded(
        agent,
        ExclusionKind.AGENT_UNHEALTHY,
        "was not in touch when the run was started",
        "It is in touch now: run the assessment again.",
    )


def already_running(agent: Agent, besides: str = "") -> ExclusionPreview:
    """Return the exclusion of a host that takes part in another run; ``besides`` says what else is wrong with it."""
    return _excluded(
        agent,
        ExclusionKind.AGENT_ALREADY_RUNNING,
        f"takes part in another run{besides}",
        "Wait until that run has ended, then run the assessment again.",
    )


def without_rules(
    packages: Sequence[RulesPackage], asked: Sequence[RulesPackageArn], built: Collection[RulesPackageArn]
) -> tuple[ExclusionPreview, ...]:
    """Return an exclusion for each package asked for that this version has no rules of."""
    return tuple(
        ExclusionPreview(
            kind=ExclusionKind.EVALUATION_ERROR,
            description=f"This version of openinspector has no rules of the package {package.name} yet; "
            "nothing of it was assessed.",
            recommendation="Leave the package out of the template, or assess with a version that has it.",
            scopes=(Scope(key=ScopeKey.RULES_PACKAGE_ARN, value=package.arn),),
        )
        for package in packages
        if package.arn in asked and package.arn not in built
    )


def _obstacle(agent: Agent, busy: Collection[AgentId], now: datetime) -> ExclusionPreview | None:
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
            return already_running(agent, " and does not answer")
        case AgentHealth.UNHEALTHY:
            return _excluded(
                agent,
                ExclusionKind.AGENT_UNHEALTHY,
                f"is not in touch ({agent.current_health_code(now)})",
                "Check it on the host: openinspector agent status.",
            )
        case AgentHealth.HEALTHY if distribution and distribution not in SUPPORTED:
            return _excluded(
                agent,
                ExclusionKind.UNSUPPORTED_OS,
                f"runs {agent.host.operating_system or distribution}, which no rules package supports",
                "Remove the host's tag, or assess another target.",
            )
    return None


def _excluded(agent: Agent, kind: ExclusionKind, what: str, remedy: str) -> ExclusionPreview:
    name = f"{agent.id} ({agent.host.hostname})" if agent.host.hostname else agent.id
    return ExclusionPreview(
        kind=kind,
        description=f"The agent of instance {name} {what}.",
        recommendation=remedy,
        scopes=(Scope(key=ScopeKey.INSTANCE_ID, value=agent.id),),
    )


def _no_instances() -> ExclusionPreview:
    return ExclusionPreview(
        kind=ExclusionKind.NO_INSTANCES,
        description="No enrolled host carries any of the target's tags.",
        recommendation="Enrol hosts with a token that carries a tag of the target's resource group, or change the "
        "target: openinspector targets preview shows what it selects.",
        scopes=(Scope(key=ScopeKey.INSTANCE_ID, value="*"),),
    )
