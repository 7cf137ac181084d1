"""Check: one requirement of a benchmark, judged by the facts of a host."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from openinspector.cis.host import JudgedHost
from openinspector.cis.verdict import Satisfied, Unknown, Verdict, Violated, distinct
from openinspector.model.evidence import Evidence
from openinspector.model.record import Record


class Check(Protocol):
    """One requirement. Implementations are frozen dataclasses whose fields are their parameters."""

    @property
    def title(self) -> str:
        """The requirement as a short sentence without a full stop: ``net.ipv4.ip_forward is 0``."""
        ...

    @property
    def reads(self) -> tuple[type[Record], ...]:
        """The kinds of record it reads."""
        ...

    @property
    def sensors(self) -> tuple[str, ...]:
        """The sensors whose records it reads."""
        ...

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge one host."""
        ...


class Breach(NamedTuple):
    """One thing that breaks a requirement: its ground, such as a path with its mode, and a sentence."""

    ground: str
    text: str


class SensedCheck:
    """Base of the checks that need everything that their sensors read: a gap is `Unknown`."""

    __slots__ = ()

    sensors: tuple[str, ...]

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge the host if each sensor read everything there was."""
        return host.missing(*self.sensors) or self.judge_seen(host)

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge a host whose facts for this check are complete."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """A requirement that only a person can judge."""

    title: str
    reason: str = "Whether this holds depends on the site's policy; a person must decide."
    reads: tuple[type[Record], ...] = ()
    sensors: tuple[str, ...] = ()

    def judge(self, host: JudgedHost) -> Verdict:
        """Return Unknown."""
        del host
        return Unknown(reason=self.reason)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Alternatives: one that is satisfied is enough."""

    checks: tuple[Check, ...]
    title: str

    @property
    def reads(self) -> tuple[type[Record], ...]:
        """The kinds of record that any of the checks reads."""
        return distinct(kind for check in self.checks for kind in check.reads)

    @property
    def sensors(self) -> tuple[str, ...]:
        """The sensors of all the checks."""
        return distinct(name for check in self.checks for name in check.sensors)

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge the alternatives in order; the first one that is satisfied decides."""
        verdicts = [check.judge(host) for check in self.checks]
        for verdict in verdicts:
            if isinstance(verdict, Satisfied):
                return verdict
        unknown = next((verdict for verdict in verdicts if isinstance(verdict, Unknown)), None)
        violated = [verdict for verdict in verdicts if isinstance(verdict, Violated)]
        if unknown is not None:
            return unknown
        if not violated:
            return verdicts[0]
        because = tuple(verdict.evidence for verdict in violated)
        return Violated(
            evidence=Evidence(statement=f"Not met: {self.title}.", because=because),
            remedy=violated[0].remedy,
            grounds=tuple(ground for verdict in violated for ground in verdict.grounds),
        )
