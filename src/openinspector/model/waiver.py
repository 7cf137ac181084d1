"""Waiver: a person's decision that a finding needs no action for now, with owner, reason and expiry.

One model for all rules packages. `openinspector.engine.waiver` compares waivers with findings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from openinspector.model.arn import TemplateArn, WaiverArn
from openinspector.model.errors import ModelError
from openinspector.model.ground import MAX_GROUNDS, Ground, Part

MAX_REASON: Final = 1_000
MAX_OWNER: Final = 128
MAX_ACCEPTED: Final = timedelta(days=366)
"""Longest time for which a risk may be accepted."""


class WaiverError(ModelError):
    """A waiver that may not exist: without a reason, for everything, or for too long."""


class WaiverVerdict(StrEnum):
    """Claim of a waiver about a finding."""

    ACCEPTED = "ACCEPTED"
    """It is true, and the risk is accepted."""
    NOT_AFFECTED = "NOT_AFFECTED"
    """The host has what the finding names, but is not affected by it."""
    FALSE_POSITIVE = "FALSE_POSITIVE"
    """It is wrong."""
    MITIGATED = "MITIGATED"
    """It is true, and something else protects the host."""


RESTS_ON: Final[Mapping[WaiverVerdict, frozenset[Part]]] = MappingProxyType(
    {
        WaiverVerdict.ACCEPTED: frozenset(
            {Part.SUBJECT, Part.FIX, Part.SEVERITY, Part.EXPLOITED, Part.EXPOSURE, Part.SETTING}
        ),
        WaiverVerdict.NOT_AFFECTED: frozenset({Part.SUBJECT, Part.VERSION, Part.USE, Part.SETTING}),
        WaiverVerdict.FALSE_POSITIVE: frozenset({Part.SUBJECT, Part.VERSION, Part.ADVISORY, Part.RULE, Part.SETTING}),
        WaiverVerdict.MITIGATED: frozenset({Part.SUBJECT, Part.EXPOSURE, Part.SETTING}),
    }
)
"""The parts whose grounds a waiver of each verdict holds unless its author chooses others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverScope:
    """The findings that a waiver is for."""

    issues: tuple[str, ...]
    """Stable names of issues, at least one: ``CVE-2024-6387``, ``debian_12/5.1.20``, ``ssh_root_login``."""
    subject: str = "*"
    """Pattern of subjects, with ``*`` and ``?``: ``openssl*``."""
    agent_ids: tuple[str, ...] = ()
    """The hosts; empty for every host of the template."""

    def __post_init__(self) -> None:
        """Raise WaiverError if the scope is empty."""
        if not self.issues or not all(issue.strip() for issue in self.issues):
            raise WaiverError("A waiver names at least one issue.", advice="Name a CVE, a control or a rule.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundChange:
    """A ground that is no longer as the waiver holds it."""

    part: Part
    key: str
    was: tuple[str, ...]
    now: tuple[str, ...]
    """Sorted values; never empty."""

    @property
    def text(self) -> str:
        """The change as a clause: ``PermitRootLogin was no, is now yes``."""
        return f"{self.key} was {', '.join(self.was)}, is now {', '.join(self.now)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverEnd:
    """The end of a waiver on one host, because a ground changed there. It does not begin again."""

    agent_id: str
    ended_on: date
    change: GroundChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A decision on the findings of a scope, in force through the day ``expires``."""

    id: str
    """Its ARN, or the place in a file: ``tailoring.toml: waiver 2``."""
    verdict: WaiverVerdict = WaiverVerdict.ACCEPTED
    scope: WaiverScope
    reason: str
    owner: str
    """Who answers for it: a person or a group."""
    created_on: date
    expires: date
    """The last day on which it is in force."""
    holds: tuple[Ground, ...] = ()
    """Values that must stay as they are, on every host of the scope."""
    ends: tuple[WaiverEnd, ...] = ()
    """The hosts on which it has ended."""

    def __post_init__(self) -> None:
        """Raise WaiverError if the waiver may not exist."""
        for name, text, most in (("reason", self.reason, MAX_REASON), ("owner", self.owner, MAX_OWNER)):
            if not text.strip() or len(text) > most:
                raise WaiverError(f"A waiver needs a {name} of 1 to {most} characters.")
        if self.expires < self.created_on:
            raise WaiverError(f"The waiver would have expired on {self.expires}, before it is made.")
        if self.verdict is WaiverVerdict.ACCEPTED and self.expires - self.created_on > MAX_ACCEPTED:
            raise WaiverError(
                f"A risk may be accepted for at most {MAX_ACCEPTED.days} days.",
                advice=f"Choose a day until {self.created_on + MAX_ACCEPTED}.",
            )
        if len(self.holds) > MAX_GROUNDS:
            raise WaiverError(f"A waiver holds at most {MAX_GROUNDS} grounds.")

    def end_on(self, agent_id: str) -> WaiverEnd | None:
        """Return how the waiver ended on a host; None if no ground changed there."""
        return next((end for end in self.ends if end.agent_id == agent_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateWaiver:
    """A waiver of a template. Its ARN is also the id of the waiver."""

    arn: WaiverArn
    template_arn: TemplateArn
    created_at: datetime
    waiver: Waiver
    from_file: bool = False
    """True if it comes from a tailoring file; the next file replaces it."""
