"""The vault: telemetry as sealed objects, compressed and encrypted before storage, verified after reading.

Objects are named ``telemetry/<hash of the run's ARN>/<agent>-<stream>-<number>-<random>``: the name reveals nothing
about the content, and two uploads of one number never overwrite each other. A run has one folder, because every write
also syncs its folder. While a run's objects are being destroyed, ``shredding/<hash>`` holds its ARN, so that an
interrupted shredding is found and finished. ``shredded/<hash>`` holds the ARN for ever: a restored database has the
keys of its day, and the runs named there are shredded again.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from openinspector.model.arn import RunArn, parse_run_arn
from openinspector.model.errors import StoreError
from openinspector.service.app.run_keys import RunKeys
from openinspector.service.ports.object_store import ObjectStore
from openinspector.service.ports.telemetry_store import StoredEnvelope
from openinspector.service.sealing.chunked import SealContext, SealError, open_sealed, seal
from openinspector.service.sealing.compression import compress, decompress
from openinspector.wire.envelope import MAX_PLAINTEXT_BYTES, payload_digest

_SHREDDING: Final = "shredding"
_SHREDDED: Final = "shredded"


class TelemetryVault:
    """Seals telemetry under its run's key and opens it in memory."""

    def __init__(self, objects: ObjectStore, keys: RunKeys, random: Callable[[int], bytes]) -> None:
        self._objects = objects
        self._keys = keys
        self._random = random

    def put(self, context: SealContext, plaintext: bytes) -> str | None:
        """Seal and store ``plaintext`` and return its object's name; None if the run's key was deleted."""
        key = self._keys.make(context.run_arn)
        if key is None:
            return None
        own = f"{context.agent_id}-{context.stream}-{context.seq:06}-{self._random(8).hex()}"
        name = f"{run_folder(context.run_arn)}/{own}"
        self._objects.put(name, seal(key, context, compress(plaintext)))
        return name

    def discard(self, name: str) -> None:
        """Delete an object that was not recorded."""
        self._objects.delete(name)

    def open(self, envelope: StoredEnvelope) -> bytes:
        """Return the plaintext; StoreError if key or object is missing, SealError if the object is damaged."""
        key = self._keys.get(envelope.run_arn)
        if key is None:
            raise StoreError(f"the telemetry of {envelope.run_arn} was shredded")
        context = SealContext(
            run_arn=envelope.run_arn,
            agent_id=envelope.agent_id,
            stream=envelope.stream,
            seq=envelope.seq,
            digest=envelope.digest,
        )
        compressed = open_sealed(key, context, self._objects.get(envelope.object_name))
        plaintext = decompress(compressed, MAX_PLAINTEXT_BYTES)
        if payload_digest(plaintext) != envelope.digest:
            raise SealError(f"telemetry of {envelope.agent_id} number {envelope.seq} is damaged")
        return plaintext

    def make_key(self, run: RunArn) -> None:
        """Make a run's key unless it has one."""
        self._keys.make(run)

    def forget_key(self, run: RunArn) -> None:
        """Forget a run's key in the clear."""
        self._keys.drop(run)

    def begin_shredding(self, run: RunArn) -> None:
        """Record that a run's objects are about to be destroyed, and in the ledger that they were."""
        self._objects.put(_ledger(run), run.encode())
        self._objects.put(_marker(run), run.encode())

    def delete_objects(self, run: RunArn) -> int:
        """Delete every object of a run; return their number."""
        names = list(self._objects.names(run_folder(run)))
        for name in names:
            self._objects.delete(name)
        return len(names)

    def end_shredding(self, run: RunArn) -> None:
        """Record that nothing is left to destroy."""
        self._objects.delete(_marker(run))

    def unfinished(self) -> tuple[RunArn, ...]:
        """Return the runs whose shredding was interrupted."""
        names = sorted(self._objects.names(_SHREDDING))
        return tuple(parse_run_arn(self._objects.get(name).decode("ascii", "replace")) for name in names)

    def recorded(self, runs: Sequence[RunArn]) -> frozenset[RunArn]:
        """Return those of some runs that the ledger names: they were shredded."""
        ledger = frozenset(self._objects.names(_SHREDDED)) if runs else frozenset[str]()
        return frozenset(run for run in runs if _ledger(run) in ledger)


def run_folder(run: RunArn) -> str:
    """Return the folder of a run's objects; `TelemetryVault.delete_objects` deletes everything in it."""
    return f"telemetry/{_hash(run)}"


def _hash(run: RunArn) -> str:
    return hashlib.sha256(run.encode()).hexdigest()[:32]


def _ledger(run: RunArn) -> str:
    return f"{_SHREDDED}/{_hash(run)}"


def _marker(run: RunArn) -> str:
    return f"{_SHREDDING}/{_hash(run)}"
