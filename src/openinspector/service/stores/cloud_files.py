"""Accounts whose snapshot is in a folder: for sites that may not give the service access, and for tests."""

from collections.abc import Callable
from pathlib import Path

from openinspector.model.errors import StoreError
from openinspector.network.aws.instance_listing import instances_in
from openinspector.network.aws.read_call import INSTANCES_CALL
from openinspector.network.snapshot import Snapshot
from openinspector.service.ports.cloud import CloudError, InstanceListing, RoleTrial, SnapshotProgress
from openinspector.service.snapshot_folder import load_snapshot


class FilesCloud:
    """Reads the folder again at every call, because it may be replaced while the service runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def instances(self) -> InstanceListing:
        """Return all instances; CloudError if there is no folder."""
        snapshot = self._load()
        gaps = tuple(gap for gap in snapshot.gaps if gap.operation in {"", INSTANCES_CALL.operation})
        return InstanceListing(instances=instances_in(snapshot.documents), gaps=gaps)

    def snapshot(self, report: Callable[[SnapshotProgress], None]) -> Snapshot:
        """Return the snapshot in the folder; CloudError if there is no folder."""
        snapshot = self._load()
        places = sorted({(one.account, one.region) for one in snapshot.documents})
        for done, (account, region) in enumerate(places, start=1):
            report(SnapshotProgress(account=account, region=region, regions_done=done, regions=len(places)))
        return snapshot

    def try_role(self, arn: str) -> RoleTrial:
        """Return a result without a problem: no role is needed."""
        return RoleTrial(problem=None, detail=f"The role {arn} is not used: the account is read from {self._folder}.")

    def _load(self) -> Snapshot:
        try:
            snapshot = load_snapshot(self._folder)
        except StoreError as error:
            raise CloudError(str(error), advice=error.advice) from error
        if not snapshot.documents:
            raise CloudError(
                f"no account could be read: {self._folder} has no documents",
                advice="The layout is DIR/<account>/<region>/<service>-<operation>.json.",
            )
        return snapshot
