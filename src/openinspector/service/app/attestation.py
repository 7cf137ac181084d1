"""The interface through which hosts prove their identity: a method, its evidence, and the proven identity.

Methods are in `openinspector.service.attestors`, one file each, exporting ``ATTESTOR``. The operator configures what
each method trusts (`Trust`); an empty list admits nobody.
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
    """The operator's trust settings for attestation methods."""

    accounts: frozenset[str] = frozenset()
    """AWS accounts whose instances may enrol."""
    roles: frozenset[str] = frozenset()
    """Names of IAM roles that only EC2 may assume: the name of their sessions is then the instance's id."""
    certificates: Mapping[str, Certificate] = field(default_factory=dict)
    """AWS region → certificate that signs its instances' documents."""
    server_names: frozenset[str] = frozenset()
    """Names by which agents address this service."""
    caller_identity: CallerIdentity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Evidence from a host. The caller has verified its key and used its nonce."""

    evidence: Mapping[str, str]
    key_id: str
    nonce: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenProof:
    """The host has a token; the store checks it on use."""

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
        """Return the attestation to store."""
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
    """One attestation method."""

    name: str
    title: str
    attest: Callable[[Shown, Trust], TokenProof | InstanceProof]
    """Returns the proven identity; RefusedError, or StoreError if a required service does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attesting:
    """Enabled methods, their trust settings, and the lifetime of an attestation."""

    attestors: Mapping[str, Attestor]
    trust: Trust = field(default_factory=Trust)
    instances: InstanceStates | None = None
    """Set if the service may query EC2: then only existing instances enrol."""
    holds_for: timedelta = timedelta(hours=24)
    """After this time an attested host must attest again before it opens another session."""
    ring: Callable[[str], None] = lambda _kind: None
    """Reports an event that an honest host never causes to the operator."""

    def attest(self, method: str, shown: Shown) -> TokenProof | InstanceProof:
        """Return the proven identity; RefusedError, StoreError."""
        attestor = self.attestors.get(method)
        if attestor is None:
            raise RefusedError(
                RefusalCode.METHOD_OFF,
                f"hosts cannot enrol by {method!r} here",
                advice=f"Enabled methods: {', '.join(self.attestors)}. See OPENINSPECTOR_ENROLMENT_METHODS.",
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
