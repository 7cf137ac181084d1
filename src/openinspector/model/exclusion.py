"""Exclusions: checks that could not be completed, and how to fix that (section 8 of the facts)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from openinspector.model.arn import ExclusionArn, RulesPackageArn, RunArn, exclusion_arn
from openinspector.model.finding import Attribute, derived_id


class ExclusionKind(StrEnum):
    """Type of an exclusion; the value is its title.

    The first 15 are the types of F8.2's table. The last five are our own: the table has no type for them.
    """

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
    RUN_STOPPED = "Assessment run was stopped"
    REGISTRY_PACKAGES = "Packages from language registries not assessed"
    CONTAINER_PACKAGES = "Packages in containers not assessed"
    PROGRAMS = "Installed programs not assessed"
    UNKNOWN_BUILDS = "Vulnerabilities without a usable build"

    @property
    def is_error(self) -> bool:
        """True if a run with such an exclusion ends COMPLETED_WITH_ERRORS (types 8 to 15, decisions)."""
        return self in _ERRORS


_ERRORS: Final = frozenset(
    {
        ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE,
        ExclusionKind.EVALUATION_ERROR,
        ExclusionKind.REACHABILITY_INTERNET,
        ExclusionKind.REACHABILITY_ALB,
        ExclusionKind.REACHABILITY_ELB,
        ExclusionKind.REACHABILITY_VPN,
        ExclusionKind.REACHABILITY_DIRECT_CONNECT,
        ExclusionKind.REACHABILITY_PEERING,
    }
)


class ScopeKey(StrEnum):
    """Kind of a scope; the value is the wire's (F11.62)."""

    INSTANCE_ID = "INSTANCE_ID"
    RULES_PACKAGE_ARN = "RULES_PACKAGE_ARN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One host or rules package that an exclusion is about."""

    key: ScopeKey
    value: str


ALL_INSTANCES: Final = Scope(key=ScopeKey.INSTANCE_ID, value="*")
"""Scope of an exclusion that is about the target as a whole: F8.3 requires at least one scope."""


def scopes_of(agent_id: str | None = None, package: RulesPackageArn | None = None) -> tuple[Scope, ...]:
    """Return the scopes for a host, a rules package, or both."""
    host = (Scope(key=ScopeKey.INSTANCE_ID, value=agent_id),) if agent_id is not None else ()
    return host if package is None else (*host, Scope(key=ScopeKey.RULES_PACKAGE_ARN, value=package))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionPreview:
    """An exclusion without an ARN: predicted before a run, or not stored yet."""

    kind: ExclusionKind
    description: str
    recommendation: str
    scopes: tuple[Scope, ...]
    details: tuple[Attribute, ...] = ()
    """Attributes beside the scopes', such as the operating system of the host."""

    @property
    def title(self) -> str:
        """The title of its type."""
        return self.kind.value

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes of the API: one for each scope, then the details (F8.3)."""
        named = (Attribute(key=scope.key, value=scope.value) for scope in self.scopes if scope != ALL_INSTANCES)
        return (*named, *self.details)


def details_of(**values: str) -> tuple[Attribute, ...]:
    """Return the values that are not empty as attributes, cut to the 256 characters that the API allows (F6.6)."""
    return tuple(Attribute(key=key, value=value[:256]) for key, value in values.items() if value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A check of one run that could not be completed."""

    arn: ExclusionArn
    run_arn: RunArn
    preview: ExclusionPreview


def exclusion_of(run: RunArn, preview: ExclusionPreview) -> Exclusion:
    """Return the exclusion of ``run`` for ``preview``.

    The ARN follows from run, type and scopes, so that storing it twice changes nothing. Its id has 8 characters: a run
    has a few exclusions a host, and 50,000 of them collide with probability 6e-6.
    """
    scopes = (f"{scope.key}={scope.value}" for scope in preview.scopes)
    return Exclusion(arn=exclusion_arn(run, derived_id(run, preview.kind.name, *scopes)), run_arn=run, preview=preview)


def exclusions_of(run: RunArn, previews: Sequence[ExclusionPreview]) -> list[Exclusion]:
    """Return the exclusions of ``run`` for ``previews``."""
    return [exclusion_of(run, preview) for preview in previews]
