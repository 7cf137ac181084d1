"""Takes the snapshot of a run: one reading of the accounts, sealed under the run's key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from openinspector.model.agent import AgentId
from openinspector.model.arn import target_of
from openinspector.model.assessment import AssessmentRun
from openinspector.model.cloud_instance import CloudInstance
from openinspector.network.aws.instance_listing import instances_in
from openinspector.network.aws.read_call import INSTANCES_CALL
from openinspector.network.snapshot import ReadGap, Snapshot, snapshot_of
from openinspector.service.app.snapshot_vault import RunSnapshot, SnapshotVault
from openinspector.service.ports.assessment_store import AssessmentStore, MissingError
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.cloud import CloudAccounts, CloudError, SnapshotProgress

NO_CLOUD: Final = "no account is configured: set OPENINSPECTOR_CLOUD to aws or files"
ALL_ACCOUNTS: Final = "all accounts"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotCollecting:
    """Meets the need of a snapshot; a `Collecting`."""

    assessments: AssessmentStore
    cloud: CloudAccounts | None
    """None if the installation reads no account."""
    vault: SnapshotVault
    clock: Clock

    def collect(self, run: AssessmentRun) -> None:
        """Read the accounts, and seal the snapshot with the instances that the run judges. The first one stands."""
        if self.vault.has(run.arn):
            return
        snapshot = self._read(run)
        here = [one for one in instances_in(snapshot.documents) if not one.is_gone]
        selected = self._selected(run, here)
        gone = self._gone(run, snapshot, here)
        if not self.vault.put(run.arn, RunSnapshot(snapshot=snapshot, instances=selected, gone=gone)):
            raise MissingError(f"the data key of {run.arn} was deleted")
        _log.info("snapshot sealed", run=run.arn, digest=snapshot.digest, instances=len(selected))

    def seconds_left(self, run: AssessmentRun) -> float:
        """Return 0: the snapshot is taken in one step."""
        del run
        return 0

    def subjects(self, run: AssessmentRun) -> Sequence[AgentId]:
        """Return the instances that the run judges."""
        return self.vault.open(run.arn).instances if self.vault.has(run.arn) else ()

    def interrupted(self, run: AssessmentRun) -> frozenset[AgentId]:
        """Return nothing: a stop does not interrupt the step."""
        del run
        return frozenset()

    def is_empty(self, run: AssessmentRun) -> bool:
        """Return True if there is no snapshot."""
        return not self.vault.has(run.arn)

    def _read(self, run: AssessmentRun) -> Snapshot:
        """Return a snapshot; one without documents and with the reason as its gap if nothing could be read."""
        reason = NO_CLOUD
        if self.cloud is not None:
            try:
                return self.cloud.snapshot(lambda progress: _report(run, progress))
            except CloudError as error:
                reason = str(error)
        _log.warning("snapshot nothing read", run=run.arn, reason=reason)
        return snapshot_of((), (ReadGap(account=ALL_ACCOUNTS, reason=reason),), self.clock.now())

    def _gone(self, run: AssessmentRun, snapshot: Snapshot, here: Sequence[CloudInstance]) -> tuple[AgentId, ...]:
        """Return the instances of the run that no longer exist; none where a listing failed, which is a gap."""
        if any(gap.operation in {"", INSTANCES_CALL.operation} for gap in snapshot.gaps):
            return ()
        existing = {one.id for one in here}
        return tuple(one for one in self.assessments.run_instances(run.arn) if one not in existing)

    def _selected(self, run: AssessmentRun, here: Sequence[CloudInstance]) -> tuple[AgentId, ...]:
        """Return the instances that the run judges, by id: its own, and others that its target selects by now."""
        target = self.assessments.targets_by_arn([target_of(run.arn)]).get(target_of(run.arn))
        if target is None:
            return ()
        if target.resource_group_arn is None:
            return tuple(one.id for one in here)
        groups = self.assessments.resource_groups_by_arn([target.resource_group_arn])
        group = groups.get(target.resource_group_arn)
        own = frozenset(self.assessments.run_instances(run.arn))
        return tuple(one.id for one in here if one.id in own or (group is not None and group.selects(one.tags)))


def _report(run: AssessmentRun, progress: SnapshotProgress) -> None:
    _log.info(
        "snapshot region read",
        run=run.arn,
        account=progress.account,
        region=progress.region,
        done=progress.regions_done,
        of=progress.regions,
    )
