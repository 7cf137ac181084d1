"""The sealing format: known answers, two implementations, and what must not open."""

import dataclasses
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.service.sealing import reference

from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.service.sealing.chunked import SealContext, SealError, open_sealed, seal

KEY = bytes(range(32))
RUN = RunArn("arn:aws:inspector:us-east-1:123456789012:target/0-AAAAAAAA/template/0-BBBBBBBB/run/0-CCCCCCCC")
CONTEXT = SealContext(
    run_arn=RUN,
    agent_id=AgentId("host-0123456789abcdef0"),
    stream="collection",
    seq=1,
    digest=hashlib.sha256(b"plaintext").hexdigest(),
)
CHUNK = reference.CHUNK
WIRE_CHUNK = CHUNK + reference.TAG
LENGTHS = (0, 1, 57, CHUNK - 1, CHUNK, CHUNK + 1, 20 * 1024, 2 * CHUNK, 3 * CHUNK + 5000)


def message(length: int) -> bytes:
    return bytes(i * 7 % 251 for i in range(length))


@pytest.mark.parametrize("length", LENGTHS)
def test_reference_opens_sealed_messages(length: int) -> None:
    sealed = seal(KEY, CONTEXT, message(length))
    assert reference.open_sealed(KEY, CONTEXT.encode(), sealed) == message(length)
    chunks = length // CHUNK + 1
    assert len(sealed) == reference.HEADER + length + chunks * reference.TAG


@pytest.mark.parametrize("length", LENGTHS)
def test_opens_messages_sealed_by_the_reference(length: int) -> None:
    sealed = reference.seal(KEY, bytes(24), CONTEXT.encode(), message(length))
    assert open_sealed(KEY, CONTEXT, sealed) == message(length)


def test_the_format_does_not_drift() -> None:
    """Bytes sealed today must open for as long as backups live: a fixed message of the reference, by its digest."""
    sealed = reference.seal(KEY, bytes(range(24)), CONTEXT.encode(), message(CHUNK + 3))
    assert hashlib.sha256(sealed).hexdigest() == "fcb959d8b35cefe298d11acc4e1eaf89066b5025f4a6434d2194eda4e80a7ec4"
    assert open_sealed(KEY, CONTEXT, sealed) == message(CHUNK + 3)


def test_the_reference_expands_as_rfc_5869_does() -> None:
    """RFC 5869 has no SHA-512 vector; the primitive of `cryptography` is the oracle."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - an oracle of this test only
    from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand  # noqa: PLC0415

    for length in (1, 64, 65, 76, 200):
        oracle = HKDFExpand(algorithm=hashes.SHA512(), length=length, info=b"info")
        assert reference.expand(KEY, b"info", length) == oracle.derive(KEY)


def test_two_seals_differ() -> None:
    assert seal(KEY, CONTEXT, b"same") != seal(KEY, CONTEXT, b"same")


@given(data=st.data(), length=st.sampled_from((0, 9, CHUNK, CHUNK + 100)))
def test_one_changed_bit_does_not_open(data: st.DataObject, length: int) -> None:
    sealed = bytearray(seal(KEY, CONTEXT, message(length)))
    at = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[at // 8] ^= 1 << at % 8
    refused(bytes(sealed))


@given(data=st.data(), length=st.sampled_from((0, 9, CHUNK, 2 * CHUNK + 100)))
def test_nothing_shorter_opens(data: st.DataObject, length: int) -> None:
    sealed = seal(KEY, CONTEXT, message(length))
    refused(sealed[: data.draw(st.integers(0, len(sealed) - 1))])


@given(extra=st.binary(min_size=1, max_size=64), length=st.sampled_from((0, CHUNK - 1, CHUNK)))
def test_nothing_longer_opens(extra: bytes, length: int) -> None:
    refused(seal(KEY, CONTEXT, message(length)) + extra)


@given(noise=st.binary(max_size=200))
def test_noise_does_not_open(noise: bytes) -> None:
    refused(noise)


@pytest.mark.parametrize("chunks", [0, 1, 2])
def test_truncation_at_a_chunk_boundary_does_not_open(chunks: int) -> None:
    sealed = seal(KEY, CONTEXT, message(2 * CHUNK + 5))
    refused(sealed[: reference.HEADER + chunks * WIRE_CHUNK])


def test_swapped_chunks_do_not_open() -> None:
    sealed = seal(KEY, CONTEXT, message(2 * CHUNK + 5))
    header, first = sealed[: reference.HEADER], sealed[reference.HEADER :][:WIRE_CHUNK]
    second, last = sealed[reference.HEADER + WIRE_CHUNK :][:WIRE_CHUNK], sealed[reference.HEADER + 2 * WIRE_CHUNK :]
    refused(header + second + first + last)


def test_chunks_of_another_message_do_not_open() -> None:
    one, other = seal(KEY, CONTEXT, message(CHUNK + 5)), seal(KEY, CONTEXT, message(CHUNK + 5))
    refused(one[: reference.HEADER] + other[reference.HEADER :])


def test_another_key_does_not_open() -> None:
    with pytest.raises(SealError, match="cannot be opened"):
        open_sealed(bytes(32), CONTEXT, seal(KEY, CONTEXT, b"text"))


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(CONTEXT, run_arn=RunArn(f"{RUN[:-1]}D")),
        dataclasses.replace(CONTEXT, agent_id=AgentId("host-0123456789abcdef1")),
        dataclasses.replace(CONTEXT, stream="collectioN"),
        dataclasses.replace(CONTEXT, seq=2),
        dataclasses.replace(CONTEXT, digest="0" * 64),
    ],
    ids=["run", "agent", "stream", "seq", "digest"],
)
def test_another_context_does_not_open(other: SealContext) -> None:
    with pytest.raises(SealError, match="cannot be opened"):
        open_sealed(KEY, other, seal(KEY, CONTEXT, b"text"))


@given(
    first=st.tuples(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), st.integers(1, 300)),
    second=st.tuples(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), st.integers(1, 300)),
)
def test_contexts_are_unambiguous(first: tuple[str, str, str, int], second: tuple[str, str, str, int]) -> None:
    """Length prefixes keep ("ab", "c") and ("a", "bc") apart."""
    one, two = (
        SealContext(run_arn=RunArn(run), agent_id=AgentId(agent), stream=stream, seq=seq, digest="00" * 32)
        for run, agent, stream, seq in (first, second)
    )
    assert (one.encode() == two.encode()) == (first == second)


def refused(sealed: bytes) -> None:
    with pytest.raises(SealError):
        open_sealed(KEY, CONTEXT, sealed)
    with pytest.raises(reference.NotSealedError):
        reference.open_sealed(KEY, CONTEXT.encode(), sealed)
