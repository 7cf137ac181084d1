import hashlib
import zlib

import msgspec
import pytest

from openinspector.model.errors import WireError
from openinspector.wire.envelope import (
    MAX_ENVELOPE_BYTES,
    MAX_PLAINTEXT_BYTES,
    chain_digest,
    decode_envelope,
    decode_header,
    encode_envelope,
    payload_digest,
)

AGENT = "host-" + "0" * 17
RUN = "arn:aws:inspector:us-east-1:123456789012:target/0-A/template/0-B/run/0-C"
PLAIN = b'{"messages":[]}'


def envelope(plaintext: bytes = PLAIN, seq: int = 1) -> bytes:
    return encode_envelope(run_arn=RUN, agent_id=AGENT, stream="collection", seq=seq, plaintext=plaintext)


def forged(payload: bytes, **changes: object) -> bytes:
    """An envelope with any header and payload."""
    fields = {
        "run_arn": RUN,
        "agent_id": AGENT,
        "stream": "collection",
        "seq": 1,
        "digest": payload_digest(PLAIN),
        "size": len(PLAIN),
    }
    header = msgspec.json.encode({**fields, **changes})
    return b"OIT1" + len(header).to_bytes(4, "big") + header + payload


def test_envelope_round_trip() -> None:
    header, plaintext = decode_envelope(envelope(seq=7))
    assert plaintext == PLAIN
    assert (header.run_arn, header.agent_id, header.stream, header.seq) == (RUN, AGENT, "collection", 7)
    assert header.digest == hashlib.sha256(PLAIN).hexdigest()
    assert decode_header(envelope(seq=7)) == header


def test_the_layout_is_as_described() -> None:
    made = envelope()
    length = int.from_bytes(made[4:8], "big")
    assert made[:4] == b"OIT1"
    assert msgspec.json.decode(made[8 : 8 + length])["seq"] == 1
    assert zlib.decompress(made[8 + length :]) == PLAIN


def test_the_same_telemetry_gives_the_same_bytes() -> None:
    assert envelope() == envelope()


def test_decompression_is_limited_by_the_header() -> None:
    bomb = zlib.compress(bytes(400 * 1024 * 1024), 9)
    with pytest.raises(WireError, match="not of the size"):
        decode_envelope(forged(bomb))
    with pytest.raises(WireError, match="header is not understood"):
        decode_envelope(forged(bomb, size=400 * 1024 * 1024))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "does not begin with OIT1"),
        (b"OIT2" + envelope()[4:], "does not begin with OIT1"),
        (b"OIT1", "too long or cut off"),
        (b"OIT1\xff\xff\xff\xff", "too long or cut off"),
        (b"OIT1\x00\x00\x10\x01" + b" " * 5000, "too long or cut off"),
        (envelope()[:40], "too long or cut off"),
        (envelope()[:-3], "not of the size|cut off|does not inflate"),
        (envelope() + b"tail", "followed by something else"),
        (forged(b"not zlib"), "does not inflate"),
        (forged(zlib.compress(PLAIN), digest="0" * 64), "not what its digest says"),
        (forged(zlib.compress(PLAIN), digest="A" * 64), "header is not understood"),
        (forged(zlib.compress(PLAIN), size=len(PLAIN) - 1), "not of the size"),
        (forged(zlib.compress(PLAIN), size=len(PLAIN) + 1), "not of the size"),
        (forged(zlib.compress(PLAIN), seq=0), "header is not understood"),
        (forged(zlib.compress(PLAIN), agent_id="../../etc"), "header is not understood"),
        (forged(zlib.compress(PLAIN), extra=1), "header is not understood"),
        (b"OIT1" + bytes(MAX_ENVELOPE_BYTES), "larger than"),
    ],
)
def test_rejects_invalid_envelopes(data: bytes, message: str) -> None:
    with pytest.raises(WireError, match=message):
        decode_envelope(data)


def test_oversized_envelopes_are_not_made() -> None:
    with pytest.raises(WireError, match="larger than"):
        envelope(bytes(MAX_PLAINTEXT_BYTES + 1))
    noise = b"".join(hashlib.sha256(i.to_bytes(4, "big")).digest() for i in range(MAX_ENVELOPE_BYTES // 32))
    with pytest.raises(WireError, match="larger than"):
        envelope(noise)


def test_the_chain_is_over_the_raw_digests_in_order() -> None:
    first, second = payload_digest(b"1"), payload_digest(b"2")
    by_hand = hashlib.sha256(hashlib.sha256(b"1").digest() + hashlib.sha256(b"2").digest()).hexdigest()
    assert chain_digest([first, second]) == by_hand
    assert chain_digest([second, first]) != by_hand
    assert chain_digest([]) == hashlib.sha256().hexdigest()
