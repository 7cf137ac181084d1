"""Cloud accounts in memory: documents that a test gives, and failures that it asks for."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from openinspector.network.aws.document import SnapshotDocument
from openinspector.network.aws.instance_listing import instances_in
from openinspector.network.aws.read_call import INSTANCES_CALL
from openinspector.network.snapshot import ReadGap, Snapshot, failed_calls, snapshot_of
from openinspector.service.ports.cloud import CloudError, InstanceListing, RoleTrial, SnapshotProgress
from openinspector.testing.fake_clock import EPOCH


@dataclass(slots=True)
class MemoryCloud:
    """The accounts of ``documents``; change any field between calls."""

    documents: list[SnapshotDocument] = field(default_factory=list)
    gaps: tuple[ReadGap, ...] = ()
    error: CloudError | None = None
    """Raised instead of an answer."""
    trial: RoleTrial = field(default_factory=lambda: RoleTrial(problem=None, detail="The role was assumed."))
    tried: list[str] = field(default_factory=list)
    """Roles that were tried, in order."""
    listings: int = 0
    """Number of times that instances were listed."""

    def instances(self) -> InstanceListing:
        """Return all instances; the error that the test set."""
        self.listings += 1
        read = self._read()
        gaps = [gap for gap in failed_calls(read) if gap.operation in {"", INSTANCES_CALL.operation}]
        return InstanceListing(instances=instances_in(read), gaps=(*self.gaps, *gaps))

    def snapshot(self, report: Callable[[SnapshotProgress], None]) -> Snapshot:
        """Return the documents; the error that the test set."""
        read = self._read()
        places = sorted({(one.account, one.region) for one in read})
        for done, (account, region) in enumerate(places, start=1):
            report(SnapshotProgress(account=account, region=region, regions_done=done, regions=len(places)))
        return snapshot_of(read, (*self.gaps, *failed_calls(read)), EPOCH)

    def try_role(self, arn: str) -> RoleTrial:
        """Return the trial that the test set; its error."""
        self.tried.append(arn)
        if self.error is not None:
            raise self.error
        return self.trial

    def _read(self) -> tuple[SnapshotDocument, ...]:
        if self.error is not None:
            raise self.error
        if not self.documents:
            raise CloudError("no account could be read: there are no documents")
        return tuple(self.documents)


def instances_document(
    *instances: dict[str, object], account: str = "123456789012", region: str = "eu-west-1"
) -> SnapshotDocument:
    """Return the answer of ``ec2 describe-instances`` with instances as the AWS CLI prints them."""
    page = {"Reservations": [{"OwnerId": account, "Instances": list(instances)}]} if instances else {"Reservations": []}
    return documented("ec2-describe-instances", json.dumps(page), account=account, region=region)


def documented(
    operation: str, content: str, *, account: str = "123456789012", region: str = "eu-west-1"
) -> SnapshotDocument:
    """Return a document of a call without an id."""
    return SnapshotDocument(account=account, region=region, operation=operation, content=content.encode())
