"""Exclusions: checks that could not be completed, and how to fix that (section 8 of the facts)."""

from dataclasses import dataclass
from enum import StrEnum

from openinspector.model.arn import ExclusionArn, RunArn
from openinspector.model.finding import Attribute


class ExclusionKind(StrEnum):
    """The 15 current types of F8.2's table; the value is the title shown."""

    NO_INSTANCES = "No instances in target"
    AGENT_ALREADY_RUNNING = "Agent is already running"
    AGENT_NOT_FOUND = "Agent not found"
    AGENT_UNHEALTHY = "Agent is unhealthy"
    UNSUPPORTED_OS = "Unsupported OS version"
    DEPRECATED_RULES_PACKAGE = "Deprecated rules package"
    RULES_PACKAGE_NOT_SUPPORTED_BY_OS = "Rules package not supported by OS"
    EVALUATION_ERROR_SINGLE_INSTANCE = "Rules evaluation error for single instance"
    EVALUATION_ERROR = "Rules evaluation error"
    REACHABILITY_INTERNET = "Network Reachability error - internet"
    REACHABILITY_ALB = "Network Reachability error - internet through an Application Load Balancer"
    REACHABILITY_ELB = "Network Reachability error - internet through an Elastic Load Balancing load balancer"
    REACHABILITY_VPN = "Network Reachability error - VPN"
    REACHABILITY_DIRECT_CONNECT = "Network Reachability error - AWS Direct Connect"
    REACHABILITY_PEERING = "Network Reachability error - VPC peering"

    @property
    def is_error(self) -> bool:
        """Whether it makes a run end COMPLETED_WITH_ERRORS (types 8 to 15, decisions)."""
        return list(ExclusionKind).index(self) >= 7  # noqa: PLR2004 - type 8 of the table, from zero


class ScopeKey(StrEnum):
    """What a scope's value names; the value is the wire's (F11.62)."""

    INSTANCE_ID = "INSTANCE_ID"
    RULES_PACKAGE_ARN = "RULES_PACKAGE_ARN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One host or rules package that an exclusion is about."""

    key: ScopeKey
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionPreview:
    """An exclusion foreseen before a run, or one not yet given an ARN."""

    kind: ExclusionKind
    description: str
    recommendation: str
    scopes: tuple[Scope, ...]
    attributes: tuple[Attribute, ...] = ()

    @property
    def title(self) -> str:
        """The type's name."""
        return self.kind.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A check of one run that could not be completed."""

    arn: ExclusionArn
    run_arn: RunArn
    preview: ExclusionPreview
