"""The cloud accounts whose instances are assessed: read-only access to instances and network configuration (F2.14)."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from openinspector.model.cloud_instance import CloudInstance
from openinspector.model.errors import StoreError
from openinspector.network.snapshot import ReadGap, Snapshot


class RoleProblem(StrEnum):
    """Why a role cannot be used; the value is the wire's (F2.22)."""

    NO_TRUST = "ROLE_DOES_NOT_EXIST_OR_INVALID_TRUST_RELATIONSHIP"
    NO_POLICY = "ROLE_DOES_NOT_HAVE_CORRECT_POLICY"


class CloudError(StoreError):
    """Nothing of any account could be read."""

    problem: RoleProblem | None
    """The problem of the role; None if the cause is something else, such as the network."""

    def __init__(self, message: str, *, advice: str = "", problem: RoleProblem | None = None) -> None:
        super().__init__(message, advice=advice)
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTrial:
    """The result of using a role once."""

    problem: RoleProblem | None
    """None if the role can be used."""
    detail: str
    """The answer of the provider, for people."""
    denied: tuple[str, ...] = ()
    """Actions that the role lacks, such as ``ec2:DescribeVpcs``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceListing:
    """The instances of all accounts and regions, by id. Terminated ones are listed while the provider lists them."""

    instances: tuple[CloudInstance, ...]
    gaps: tuple[ReadGap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotProgress:
    """How far a snapshot is."""

    account: str
    region: str
    regions_done: int
    regions: int
    """Number of regions of all accounts."""


class CloudAccounts(Protocol):
    """Reads the accounts. Nothing is ever changed in them. Every method may be called from any thread."""

    def instances(self) -> InstanceListing:
        """Return all instances; CloudError if no account could be read."""
        ...

    def snapshot(self, report: Callable[[SnapshotProgress], None]) -> Snapshot:
        """Read what Network Reachability needs; CloudError if no account could be read.

        ``report`` is called from the calling thread, once a region.
        """
        ...

    def try_role(self, arn: str) -> RoleTrial:
        """Assume a role of the installation's account and try the actions it needs; CloudError if nothing answers."""
        ...
