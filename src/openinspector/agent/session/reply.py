"""Replies to requests: a closed sum, so that no failure is an exception in the session."""

from dataclasses import dataclass
from typing import Final

from openinspector.wire.message import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The request succeeded; ``body`` is the JSON reply."""

    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Unauthorised:
    """401: the session or the signature is refused; a new session may succeed."""

    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled:
    """429 or 503: retry later."""

    problem: Problem
    retry_after: float | None
    """Seconds the gateway asked to wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Any other refusal, or an invalid reply."""

    status: int
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """No complete reply arrived. It is unknown whether the gateway acted on the request."""

    reason: str
    stale: bool = False
    """The peer closed a kept-alive connection: retry at once."""
    garbled: bool = False
    """A reply arrived that this agent does not accept."""


NOT_UNDERSTOOD: Final = "not-understood"
"""The problem's code if the gateway answered 200 with a body that is not the expected reply."""

Failure = Unauthorised | Throttled | Refused | Unreachable
Reply = Accepted | Failure


def describe_failure(failure: Failure) -> str:
    """Return one sentence for people."""
    if isinstance(failure, Unreachable):
        return failure.reason
    problem = failure.problem
    advice = f" {problem.advice}" if problem.advice else ""
    return f"{problem.message} ({problem.code}).{advice}"
