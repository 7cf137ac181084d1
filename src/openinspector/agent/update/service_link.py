"""Requests to the service about updates: the offered release, and the report of an outcome. Uses a separate session."""

from collections.abc import Callable
from itertools import count
from typing import TypeVar

import msgspec

from openinspector.agent.connection.gateway_client import GatewayClient
from openinspector.agent.operation.update_outcome import WELL, UpdateCode, UpdateError, UpdateOutcome
from openinspector.agent.session.action import GatewayCredentials
from openinspector.agent.session.reply import Failure, Refused, Throttled, Unauthorised, Unreachable, describe_failure
from openinspector.wire.message import SessionRequest
from openinspector.wire.release import MAX_DIAGNOSTICS, Release, ReleaseReport, ReleaseRequest

T = TypeVar("T", bound=msgspec.Struct)


class ServiceLink:
    """One session, opened when it is first needed. Every request is signed with the host key."""

    def __init__(self, client: GatewayClient, agent_id: str) -> None:
        self._client = client
        self._agent_id = agent_id
        self._session_id = ""
        self._counter = count(1)

    def offered(self, current: Release) -> str | None:
        """Return the name of the target that this host is offered, or None; UpdateError."""
        request = ReleaseRequest(version=current.version, release=current.release, platform=current.platform)
        return self._asked(lambda credentials: self._client.offered_release(credentials, request)).target

    def report(self, outcome: UpdateOutcome) -> None:
        """Report the outcome of an update; UpdateError."""
        report = ReleaseReport(
            from_version=outcome.from_version,
            to_version=outcome.to_version,
            succeeded=outcome.result in WELL,
            result=outcome.result.value,
            diagnostics=outcome.details[:MAX_DIAGNOSTICS],
        )
        self._asked(lambda credentials: self._client.report_release(credentials, report))

    def _asked(self, request: Callable[[GatewayCredentials], T | Failure]) -> T:
        if not self._session_id:
            challenge = _answered(self._client.challenge())
            opening = SessionRequest(nonce=challenge.nonce, agent_id=self._agent_id)
            self._session_id = _answered(self._client.open_session(opening)).session_id
        return _answered(request(GatewayCredentials(session_id=self._session_id, counter=next(self._counter))))


def _answered(reply: T | Failure) -> T:
    if isinstance(reply, Unauthorised | Throttled | Refused | Unreachable):
        raise UpdateError(UpdateCode.SERVICE_UNREACHABLE, describe_failure(reply))
    return reply
