"""The snapshot of a run: sealed under the run's key, beside its telemetry, and shredded with it.

A run has at most one snapshot. The step that takes it may be repeated after a crash: the first one stands, so that
every evaluation step judges the same network.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.model.errors import StoreError
from openinspector.network.snapshot import Snapshot, pack_snapshot, unpack_snapshot
from openinspector.service.app.run_keys import RunKeys
from openinspector.service.app.vault import run_folder
from openinspector.service.ports.object_store import ObjectMissingError, ObjectStore
from openinspector.service.sealing.chunked import SnapshotSealContext, open_sealed, seal
from openinspector.service.sealing.compression import compress, decompress

MAX_BYTES: Final = 2 * 1024 * 1024 * 1024
"""Maximum size of a packed snapshot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSnapshot:
    """The accounts as a run saw them."""

    snapshot: Snapshot
    instances: tuple[AgentId, ...]
    """The instances of the snapshot that the run judges, by id."""
    gone: tuple[AgentId, ...] = ()
    """The instances of the run that were terminated before the snapshot was taken, by id."""


class _Packed(msgspec.Struct, frozen=True, kw_only=True):
    snapshot: bytes
    instances: tuple[str, ...]
    gone: tuple[str, ...]


class SnapshotVault:
    """Seals snapshots of runs and opens them in memory."""

    def __init__(self, objects: ObjectStore, keys: RunKeys) -> None:
        self._objects = objects
        self._keys = keys

    def put(self, run: RunArn, seen: RunSnapshot) -> bool:
        """Seal and store a run's snapshot unless it has one; return False if the run's key was deleted. StoreError."""
        key = self._keys.make(run)
        if key is None:
            return False
        if self.has(run):
            return True
        packed = msgspec.msgpack.encode(
            _Packed(snapshot=pack_snapshot(seen.snapshot), instances=seen.instances, gone=seen.gone)
        )
        if len(packed) > MAX_BYTES:
            raise StoreError(f"the snapshot has {len(packed)} bytes; at most {MAX_BYTES} are kept")
        self._objects.put(_name(run), seal(key, SnapshotSealContext(run_arn=run), compress(packed)))
        return True

    def has(self, run: RunArn) -> bool:
        """Return True if the run has a snapshot."""
        return _name(run) in self._objects.names(run_folder(run))

    def open(self, run: RunArn) -> RunSnapshot:
        """Return the run's snapshot; StoreError if there is none or it was shredded, SealError if it is damaged."""
        key = self._keys.get(run)
        if key is None:
            raise StoreError(f"the snapshot of {run} was shredded")
        try:
            sealed = self._objects.get(_name(run))
        except ObjectMissingError as error:
            raise StoreError(f"the run {run} has no snapshot") from error
        packed = msgspec.msgpack.decode(
            decompress(open_sealed(key, SnapshotSealContext(run_arn=run), sealed), MAX_BYTES), type=_Packed
        )
        return RunSnapshot(
            snapshot=unpack_snapshot(packed.snapshot),
            instances=tuple(map(AgentId, packed.instances)),
            gone=tuple(map(AgentId, packed.gone)),
        )


def _name(run: RunArn) -> str:
    return f"{run_folder(run)}/snapshot"
