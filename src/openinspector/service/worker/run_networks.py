"""The networks of runs: the sealed snapshot of a run, opened in memory and judged once."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final

from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.model.cloud_instance import CloudInstance
from openinspector.network.aws.instance_listing import instances_in
from openinspector.network.judged_network import JudgedNetwork
from openinspector.network.snapshot import ReadGap
from openinspector.network.topology import Topology
from openinspector.service.app.snapshot_vault import SnapshotVault

_KEPT: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNetwork:
    """The accounts of a run."""

    network: JudgedNetwork
    instances: Mapping[AgentId, CloudInstance]
    """Every instance of the snapshot, by id."""
    gaps: tuple[ReadGap, ...]
    """The parts of the accounts that could not be read."""
    gone: tuple[AgentId, ...] = ()
    """Instances of the run that were terminated before the snapshot was taken."""


class RunNetworks:
    """Opens snapshots. The last ones stay in memory, so that the batches of a run share one judgement."""

    def __init__(self, vault: SnapshotVault) -> None:
        self._vault = vault
        self._lock = Lock()
        self._kept: OrderedDict[RunArn, RunNetwork] = OrderedDict()

    def open(self, run: RunArn) -> RunNetwork:
        """Return a run's network; StoreError if it has none, SealError if the snapshot is damaged."""
        with self._lock:
            found = self._kept.get(run)
            if found is None:
                found = self._kept[run] = self._opened(run)
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            return found

    def forget(self, run: RunArn) -> None:
        """Remove a run's network from memory."""
        with self._lock:
            self._kept.pop(run, None)

    def _opened(self, run: RunArn) -> RunNetwork:
        seen = self._vault.open(run)
        snapshot = seen.snapshot
        return RunNetwork(
            network=JudgedNetwork(Topology(snapshot.documents), snapshot.digest),
            instances={one.id: one for one in instances_in(snapshot.documents)},
            gaps=snapshot.gaps,
            gone=seen.gone,
        )
