"""The instances of the cloud accounts, listed again only when the last listing is too old."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

import structlog

from openinspector.model.agent import AgentId
from openinspector.model.cloud_instance import CloudInstance
from openinspector.network.snapshot import ReadGap
from openinspector.service.app.errors import InvalidRole
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.cloud import CloudAccounts, CloudError, InstanceListing

FRESH: Final = timedelta(seconds=5)
"""Age of a listing that selects the hosts of a run or a preview: a burst of starts lists once (F4.11)."""
KNOWN: Final = timedelta(minutes=10)
"""Age of a listing for everything else, such as metrics and the assets in findings."""
ALL_ACCOUNTS: Final = "all accounts"
_NONE: Final = InstanceListing(instances=(), gaps=())
_log = structlog.get_logger()


class InstanceDirectory:
    """Lists instances. Every method may be called from any thread; one listing serves all that wait for it."""

    def __init__(self, cloud: CloudAccounts | None, clock: Clock) -> None:
        self._cloud = cloud
        """None if the installation reads no account: there are no instances then."""
        self._clock = clock
        self._lock = Lock()
        self._last = _NONE
        self._listed_at: datetime | None = None
        self._error: CloudError | None = None
        self._failed_at: datetime | None = None

    def selectable(self) -> InstanceListing:
        """Return the instances that exist now; InvalidRole if the role cannot be used (F2.22).

        If AWS does not answer for another reason, return the last listing with the reason as a gap: hosts with an
        agent can still be assessed.
        """
        try:
            return self._at_most(FRESH)
        except CloudError as error:
            if error.problem is not None:
                raise InvalidRole(error.problem, str(error)) from error
            return self._stale(error)

    def known(self) -> InstanceListing:
        """Return a listing of the last minutes; the last one with the reason as a gap if nothing can be read."""
        try:
            return self._at_most(KNOWN)
        except CloudError as error:
            return self._stale(error)

    def by_id(self) -> Mapping[AgentId, CloudInstance]:
        """Return the instances of `known` that have not gone, by id."""
        return {one.id: one for one in self.known().instances if not one.is_gone}

    def forget(self) -> None:
        """List again at the next call, as after another role was registered."""
        with self._lock:
            self._listed_at = self._error = None

    def _at_most(self, age: timedelta) -> InstanceListing:
        if self._cloud is None:
            return _NONE
        with self._lock:
            now = self._clock.now()
            if self._listed_at is not None and now - self._listed_at <= age:
                return self._last
            if self._error is not None and self._failed_at is not None and now - self._failed_at <= FRESH:
                # All who waited for a listing that failed get its error, not a try of their own.
                raise self._error
            try:
                self._last = self._cloud.instances()
            except CloudError as error:
                self._error, self._failed_at = error, self._clock.now()
                raise
            self._listed_at, self._error = now, None
            return self._last

    def _stale(self, error: CloudError) -> InstanceListing:
        _log.warning("instance_directory unreadable", reason=str(error))
        return replace(self._last, gaps=(ReadGap(account=ALL_ACCOUNTS, reason=str(error)),))
