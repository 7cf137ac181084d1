"""The one seam by which a host proves who it is: a method, its evidence, and what comes out as proved.

Methods are in `openinspector.service.attestors`, one file each, exporting ``ATTESTOR``. What each may believe is the
operator's word (`Trust`): a list that is empty lets nobody in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NoReturn

from cryptography.x509 import Certificate

from openinspector.model.agent import AgentId
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.ports.caller_identity import CallerIdentity
from openinspector.service.ports.identity_store import Attestation
from openinspector.service.ports.instance_states import InstanceStates

JOIN_TOKEN: Final = "join_token"  # noqa: S105 - a method's name
LIVE_STATES: Final = ("pending", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What the operator lets the methods believe."""

    accounts: frozenset[str] = frozenset()
    """AWS accounts whose instances may enrol."""
    roles: frozenset[str] = frozenset()
    """Names of IAM roles that only EC2 may assume: the name of their sessions is then the instance's id."""
    certificates: Mapping[str, Certificate] = field(default_factory=dict)
    """By AWS region, the one that signs its instances' documents."""
    server_names: frozenset[str] = frozenset()
    """Names agents know this service by."""
    caller_identity: CallerIdentity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a host shows: the caller has checked that it holds the key, and used its nonce up."""

    evidence: Mapping[str, str]
    key_id: str
    nonce: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenProof:
    """The host was given a token; what it is worth, the store says when it uses it up."""

    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceProof:
    """The host is an EC2 instance."""

    instance_id: AgentId
    account: str
    region: str
    pending_time: datetime | None = None
    ami_id: str | None = None

    def attestation(self, method: str, now: datetime) -> Attestation:
        """Return what is kept of it."""
        return Attestation(
            agent_id=self.instance_id,
            method=method,
            account=self.account,
            region=self.region,
            attested_at=now,
            pending_time=self.pending_time,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestor:
    """One method."""

    name: str
    title: str
    attest: Callable[[Shown, Trust], TokenProof | InstanceProof]
    """Returns what the evidence proves; RefusedError, or StoreError where whom it must ask does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attesting:
    """The methods that are on, what they may believe, and how long a proof holds."""

    attestors: Mapping[str, Attestor]
    trust: Trust = field(default_factory=Trust)
    instances: InstanceStates | None = None
    """Where the service may ask EC2: only instances that are alive enrol."""
    holds_for: timedelta = timedelta(hours=24)
    """After this long an attested host proves itself afresh before it gets another session."""
    ring: Callable[[str], None] = lambda _kind: None
    """Tells the operator of what an honest host never causes."""

    def attest(self, method: str, shown: Shown) -> TokenProof | InstanceProof:
        """Return what the host proved; RefusedError, StoreError."""
        attestor = self.attestors.get(method)
        if attestor is None:
            raise RefusedError(
                RefusalCode.METHOD_OFF,
                f"hosts do not enrol by {method!r} here",
                advice=f"Ways that are on: {', '.join(self.attestors)}. See OPENINSPECTOR_ENROLMENT_METHODS.",
            )
        proof = attestor.attest(shown, self.trust)
        if isinstance(proof, InstanceProof):
            self._check(proof)
        return proof

    def _check(self, proof: InstanceProof) -> None:
        if proof.account not in self.trust.accounts:
            refuse(f"instances of the account {proof.account} may not enrol here", "See OPENINSPECTOR_AWS_ACCOUNTS.")
        if self.instances is None:
            return
        state = self.instances.state(proof.region, proof.instance_id)
        if state not in LIVE_STATES:
            refuse(f"{proof.instance_id} is {state or 'unknown'} at EC2", "Only a running instance enrols.")


def refuse(message: str, advice: str = "") -> NoReturn:
    """Refuse an enrolment."""
    raise RefusedError(RefusalCode.ENROLMENT_REFUSED, message, advice=advice)
