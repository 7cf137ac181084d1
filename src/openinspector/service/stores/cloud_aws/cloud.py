"""All accounts and regions, read concurrently."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from threading import Lock
from typing import Any, Final

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from openinspector.network.aws.document import SnapshotDocument
from openinspector.network.aws.instance_listing import instances_in
from openinspector.network.aws.read_call import INSTANCES_CALL, REGIONS_CALL, ReadCall, calls
from openinspector.network.snapshot import ReadGap, Snapshot, failed_calls, snapshot_of
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.cloud import (
    CloudError,
    InstanceListing,
    RoleProblem,
    RoleTrial,
    SnapshotProgress,
)
from openinspector.service.ports.cloud_account import CloudAccount
from openinspector.service.stores.cloud_aws.region_reader import DENIED, RegionReader, answer_of
from openinspector.service.stores.cloud_aws.sessions import AccountSession, AwsConnection, open_session

_REGIONS_AT_ONCE: Final = 8
_INTERACTIVE_ATTEMPTS: Final = 3
_log = structlog.get_logger()


class AwsCloud:
    """Reads accounts through AWS's APIs."""

    def __init__(
        self,
        accounts: Callable[[], Sequence[CloudAccount]],
        connection: AwsConnection,
        clock: Clock,
        *,
        extra_reads: bool = False,
    ) -> None:
        self._accounts = accounts
        """Returns the accounts; the first is the installation's own, whose role may change between calls."""
        self._connection = connection
        # Somebody waits for a listing or a trial, but not for a snapshot.
        self._interactive = replace(connection, attempts=min(connection.attempts, _INTERACTIVE_ATTEMPTS))
        self._clock = clock
        self._calls = calls(extra_reads=extra_reads)
        self._sessions: dict[tuple[CloudAccount, int], AccountSession] = {}
        self._lock = Lock()

    def instances(self) -> InstanceListing:
        """Return all instances; CloudError if no account could be read."""
        documents, gaps = self._read(self._interactive, (INSTANCES_CALL,), lambda _progress: None)
        return InstanceListing(instances=instances_in(documents), gaps=(*gaps, *failed_calls(documents)))

    def snapshot(self, report: Callable[[SnapshotProgress], None]) -> Snapshot:
        """Read what Network Reachability needs; CloudError if no account could be read."""
        began = self._clock.now()
        documents, gaps = self._read(self._connection, self._calls, report)
        return snapshot_of(documents, (*gaps, *failed_calls(documents)), began)

    def try_role(self, arn: str) -> RoleTrial:
        """Assume a role of the installation's account and try the actions it needs; CloudError if nothing answers."""
        account = replace(self._accounts()[0], role=arn)
        try:
            session = open_session(account, self._interactive)
        except CloudError as error:
            if error.problem is None:
                raise
            return RoleTrial(problem=error.problem, detail=str(error))
        denied = _denied_actions(session, (REGIONS_CALL, *self._calls))
        if denied:
            return RoleTrial(
                problem=RoleProblem.NO_POLICY,
                detail=f"The role {arn} may not call {', '.join(denied)}.",
                denied=denied,
            )
        return RoleTrial(problem=None, detail=f"The role {arn} was assumed and may read what is needed.")

    def _read(
        self,
        connection: AwsConnection,
        wanted: Sequence[ReadCall],
        report: Callable[[SnapshotProgress], None],
    ) -> tuple[list[SnapshotDocument], list[ReadGap]]:
        """Return the documents of all regions, and a gap for each account without any; CloudError."""
        places, gaps, errors = self._places(connection)
        if not places and errors:
            raise errors[0]
        documents: list[SnapshotDocument] = []
        with ThreadPoolExecutor(max_workers=_REGIONS_AT_ONCE, thread_name_prefix="cloud") as pool:
            running = {
                pool.submit(_documents, session, region, wanted): (session, region) for session, region in places
            }
            for done, future in enumerate(as_completed(running), start=1):
                session, region = running[future]
                documents += future.result()
                report(
                    SnapshotProgress(account=session.account.id, region=region, regions_done=done, regions=len(running))
                )
        failed = [gap for gap in failed_calls(documents) if not gap.operation]
        if places and len(failed) == len(places):
            raise _nothing_read(failed[0])
        return documents, gaps

    def _places(
        self, connection: AwsConnection
    ) -> tuple[list[tuple[AccountSession, str]], list[ReadGap], list[CloudError]]:
        places: list[tuple[AccountSession, str]] = []
        gaps: list[ReadGap] = []
        errors: list[CloudError] = []
        for account in self._accounts():
            try:
                session = self._session(account, connection)
                places += [(session, region) for region in account.regions or _enabled_regions(session)]
            except CloudError as error:
                _log.warning("cloud account unreadable", account=account.id, reason=str(error))
                errors.append(error)
                gaps.append(ReadGap(account=account.id, reason=str(error)))
        return places, gaps, errors

    def _session(self, account: CloudAccount, connection: AwsConnection) -> AccountSession:
        key = account, connection.attempts
        with self._lock:
            session = self._sessions.get(key)
        if session is None:
            session = open_session(account, connection)
            with self._lock:
                self._sessions[key] = session
        return session


def _nothing_read(first: ReadGap) -> CloudError:
    return CloudError(
        f"no account could be read: {first.account} {first.region}: {first.reason}",
        advice="`openinspector account policy` prints what the role must allow.",
        problem=RoleProblem.NO_POLICY if any(f"({code})" in first.reason for code in DENIED) else None,
    )


def _documents(session: AccountSession, region: str, wanted: Sequence[ReadCall]) -> list[SnapshotDocument]:
    return list(RegionReader(session, region).read(wanted))


def _enabled_regions(session: AccountSession) -> list[str]:
    try:
        client = session.client("ec2", session.connection.home_region)
        return [str(one["RegionName"]) for one in answer_of(client, REGIONS_CALL, {})["Regions"]]
    except ClientError as error:
        raise CloudError(
            f"the regions of account {session.account.id} cannot be listed: {error}",
            advice="`openinspector account policy` prints what the role must allow.",
            problem=RoleProblem.NO_POLICY if _code(error) in DENIED else RoleProblem.NO_TRUST,
        ) from error
    except BotoCoreError as error:
        raise CloudError(f"the regions of account {session.account.id} cannot be listed: {error}") from error


def _denied_actions(session: AccountSession, tried: Sequence[ReadCall]) -> tuple[str, ...]:
    """Return the actions that are denied. Calls that take ids are not tried: they need a resource that exists."""
    clients: dict[str, Any] = {}
    denied: set[str] = set()
    for call in tried:
        if call.ids is not None:
            continue
        try:
            client = clients.get(call.service)
            if client is None:
                client = clients[call.service] = session.client(call.service, session.connection.home_region)
            getattr(client, call.method)(**_harmless(call))
        except ClientError as error:
            if _code(error) in DENIED:
                denied.add(call.action)
        except BotoCoreError as error:
            raise CloudError(f"AWS does not answer: {error}") from error
    return tuple(sorted(denied))


def _harmless(call: ReadCall) -> dict[str, object]:
    """Return parameters with which a call tries the permission and reads little."""
    match call.service:
        case "ec2":
            return {"DryRun": True}
        case "elb" | "elbv2":
            return {"PageSize": 1}
        case _:
            return {}


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
