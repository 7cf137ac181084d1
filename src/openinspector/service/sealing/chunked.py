"""Seal telemetry: one upload, one message of the C2SP chunked-encryption format (https://c2sp.org/chunked-encryption).

The instantiation is Cobblestone-256 of the `cryptography` package: HKDF-Expand with SHA-512, AES-256-GCM, chunks of
16 KiB of which the last is shorter. Sealed bytes are salt (24), key commitment (32), then the chunks, each with its
16-byte tag. The input key is the run's data key; the salt is random, so one key serves any number of messages.

The library implements the format: assembling it from primitives would be home-made cryptography. No official test
vectors were found, so ``tests/service/sealing`` has an independent implementation and a pinned digest.

The context is not part of the sealed bytes; the reader must supply it. A message therefore opens only for the run,
agent, stream, number and plaintext digest it was sealed for.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.model.errors import StoreError

KEY_BYTES: Final = 32
CONTEXT_VERSION: Final = b"openinspector-telemetry-v1"
REPORT_CONTEXT_VERSION: Final = b"openinspector-report-v1"
SNAPSHOT_CONTEXT_VERSION: Final = b"openinspector-snapshot-v1"
COVERAGE_CONTEXT_VERSION: Final = b"openinspector-coverage-v1"


class SealError(StoreError):
    """Sealed bytes that cannot be opened: damaged, truncated, or sealed with another key or context."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealContext:
    """The context a sealed message is bound to."""

    run_arn: RunArn
    agent_id: AgentId
    stream: str
    seq: int
    digest: str
    """SHA-256 of the plaintext before compression, hexadecimal."""

    def encode(self) -> bytes:
        """Return version, run, agent, stream, number and digest, each after its length (4 bytes, big-endian)."""
        return _framed(
            CONTEXT_VERSION,
            self.run_arn.encode(),
            self.agent_id.encode(),
            self.stream.encode(),
            self.seq.to_bytes(8, "big"),
            bytes.fromhex(self.digest),
        )

    def __str__(self) -> str:
        return f"telemetry of {self.agent_id} number {self.seq}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSealContext:
    """The context a sealed report is bound to."""

    run_arn: RunArn
    report_id: str

    def encode(self) -> bytes:
        """Return version, run and report, each after its length (4 bytes, big-endian)."""
        return _framed(REPORT_CONTEXT_VERSION, self.run_arn.encode(), self.report_id.encode())

    def __str__(self) -> str:
        return f"report {self.report_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSealContext:
    """The context of the one sealed snapshot of a run."""

    run_arn: RunArn

    def encode(self) -> bytes:
        """Return version and run, each after its length (4 bytes, big-endian)."""
        return _framed(SNAPSHOT_CONTEXT_VERSION, self.run_arn.encode())

    def __str__(self) -> str:
        return f"snapshot of {self.run_arn}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageSealContext:
    """The context a sealed object of coverage is bound to."""

    run_arn: RunArn
    name: str
    """Name of the object."""

    def encode(self) -> bytes:
        """Return version, run and name, each after its length (4 bytes, big-endian)."""
        return _framed(COVERAGE_CONTEXT_VERSION, self.run_arn.encode(), self.name.encode())

    def __str__(self) -> str:
        return f"coverage {self.name}"


AnySealContext = SealContext | ReportSealContext | CoverageSealContext | SnapshotSealContext


def seal(key: bytes, context: AnySealContext, plaintext: bytes) -> bytes:
    """Return ``plaintext`` encrypted under a data key (32 bytes) and bound to ``context``."""
    encryptor = Cobblestone256Encryptor(key, context.encode())
    return encryptor.update(plaintext) + encryptor.finalize()


def open_sealed(key: bytes, context: AnySealContext, sealed: bytes) -> bytes:
    """Return the plaintext of ``sealed``, fully authenticated. Raises SealError if the bytes, key or context differ."""
    decryptor = Cobblestone256Decryptor(key, context.encode())
    try:
        return decryptor.update(sealed) + decryptor.finalize()
    except InvalidTag as refused:
        raise SealError(
            f"the sealed {context} cannot be opened",
            advice="The object was damaged, truncated or swapped in the object store. Restore it from a backup.",
        ) from refused


def _framed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
