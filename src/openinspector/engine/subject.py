"""Subject: one host or instance and the data collected about it; Need: the kinds of data that rules ask for.

A subject has its agent's telemetry, the network of its account, or both. The needs of a rules package follow from
what its rules declare to read (ADR 70).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from openinspector.model.facts import HostFacts

if TYPE_CHECKING:  # evaluations of telemetry alone start without the network's model
    from openinspector.network.judged_network import JudgedNetwork


class Need(StrEnum):
    """A kind of data that is collected for a run."""

    TELEMETRY = "telemetry"
    """Records that an agent sends of its host."""
    SNAPSHOT = "snapshot"
    """Answers of the cloud's API about an account."""


class Needing(Protocol):
    """Anything that needs data, such as a rule."""

    @property
    def needs(self) -> frozenset[Need]:
        """The kinds of data without which it cannot be evaluated."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSubject:
    """One host or instance under evaluation."""

    id: str
    """Agent id, which is the instance id on EC2."""
    host: HostFacts | None = None
    """None if no agent sent its telemetry in the run."""
    network: "JudgedNetwork | None" = None
    """The network of the account's snapshot; None if none was taken."""

    @property
    def known(self) -> frozenset[Need]:
        """The needs that the subject meets."""
        have = ((Need.TELEMETRY, self.host is not None), (Need.SNAPSHOT, self.network is not None))
        return frozenset(need for need, met in have if met)

    @property
    def facts(self) -> HostFacts:
        """The host's facts; empty ones if there is no telemetry."""
        return self.host or HostFacts(agent_id=self.id)


def needs_of(parts: Iterable[Needing]) -> frozenset[Need]:
    """Return everything that ``parts`` need."""
    return frozenset[Need]().union(*(part.needs for part in parts))


def subject_of(facts: HostFacts) -> EvaluationSubject:
    """Return the subject of a host of which only telemetry is known."""
    return EvaluationSubject(id=facts.agent_id, host=facts)
