"""The packages of a run's hosts with their conclusions, as sealed objects.

They are in the folder of the run's telemetry and sealed under the run's key: `Telemetry.shred` destroys them with it.
One object has the hosts of one evaluation batch, which share most of their packages.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from openinspector.engine.coverage import PackageCoverage
from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.service.app.run_keys import RunKeys
from openinspector.service.app.vault import run_folder
from openinspector.service.ports.object_store import ObjectMissingError, ObjectStore
from openinspector.service.sealing.chunked import CoverageSealContext, SealError, open_sealed, seal
from openinspector.service.sealing.compression import compress, decompress

MAX_BYTES: Final = 512 * 1024 * 1024
"""Maximum size of an object before compression."""


class _Contents(msgspec.Struct, frozen=True, kw_only=True):
    """Content of one object."""

    packages: tuple[PackageCoverage, ...]
    """Each distinct conclusion once."""
    hosts: dict[AgentId, tuple[int, ...]]
    """For each host, the places of its packages in ``packages``."""


_DECODER: Final = msgspec.json.Decoder(_Contents)


class CoverageVault:
    """Seals packages with their conclusions, and opens them in memory."""

    def __init__(self, objects: ObjectStore, keys: RunKeys, random: Callable[[int], bytes]) -> None:
        self._objects = objects
        self._keys = keys
        self._random = random

    def put(self, run: RunArn, hosts: Mapping[AgentId, Sequence[PackageCoverage]]) -> str | None:
        """Seal and store the packages of hosts; return the object's name, or None if the run's key was deleted."""
        key = self._keys.make(run)
        if key is None:
            return None
        places: dict[PackageCoverage, int] = {}
        listed = {
            agent: tuple(places.setdefault(package, len(places)) for package in packages)
            for agent, packages in hosts.items()
        }
        content = msgspec.json.encode(_Contents(packages=tuple(places), hosts=listed))
        name = f"{run_folder(run)}/coverage-{self._random(8).hex()}"
        self._objects.put(name, seal(key, _context(run, name), compress(content)))
        return name

    def forget_key(self, run: RunArn) -> None:
        """Forget a run's key in the clear."""
        self._keys.drop(run)

    def open(self, run: RunArn, name: str) -> Mapping[AgentId, tuple[PackageCoverage, ...]] | None:
        """Return the packages of the object's hosts; None if the run's key was deleted. SealError if it is damaged."""
        key = self._keys.get(run)
        if key is None:
            return None
        try:
            sealed = self._objects.get(name)
        except ObjectMissingError:
            # Another process shreds the run: the key goes first, the objects follow.
            return None
        content = decompress(open_sealed(key, _context(run, name), sealed), MAX_BYTES)
        try:
            found = _DECODER.decode(content)
        except msgspec.DecodeError as error:
            raise SealError(f"the coverage {name} is not of this version: {error}") from error
        return {agent: tuple(found.packages[place] for place in places) for agent, places in found.hosts.items()}


def _context(run: RunArn, name: str) -> CoverageSealContext:
    return CoverageSealContext(run_arn=run, name=name)
