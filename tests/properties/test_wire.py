"""Laws of the wire: decoding restores every encoded value, and a decoder refuses all other bytes."""

from contextlib import suppress
from dataclasses import is_dataclass
from enum import EnumType
from typing import ClassVar, cast, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.errors import WireError
from openinspector.model.inventory import SensorStatus
from openinspector.model.record import Record
from openinspector.wire.codec import decode_batch, decode_message, encode_batch, encode_record
from openinspector.wire.envelope import decode_envelope, encode_envelope
from openinspector.wire.facts import build_facts
from openinspector.wire.record_kind import RECORD_KINDS
from openinspector.wire.signature import Covered, content_digest, key_id, parse_headers, render_headers
from openinspector.wire.telemetry import TelemetryMessage

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN: dict[object, st.SearchStrategy[object]] = {
    str: TEXT,
    int: st.integers(-(2**63), 2**63 - 1),
    bool: st.booleans(),
    type(None): st.none(),
}


def values(kind: object) -> st.SearchStrategy[object]:
    """Any value of a field's type, of text that is Unicode and numbers of 64 bits."""
    if kind in PLAIN:
        return PLAIN[kind]
    if isinstance(kind, EnumType):
        return st.sampled_from(list(kind))
    if isinstance(kind, type) and is_dataclass(kind):
        return st.builds(
            kind,
            **{
                name: values(found) for name, found in get_type_hints(kind).items() if get_origin(found) is not ClassVar
            },
        )
    inner = [values(argument) for argument in get_args(kind) if argument is not ...]
    if get_origin(kind) is tuple and ... not in get_args(kind):
        return st.tuples(*inner)
    if get_origin(kind) is tuple:
        return st.lists(inner[0], max_size=3).map(tuple)
    if get_origin(kind) is dict:
        return st.dictionaries(TEXT, inner[1], max_size=3)
    return st.one_of(inner)


RECORDS = cast("st.SearchStrategy[Record]", st.one_of([values(kind) for kind in RECORD_KINDS.values()]))
MESSAGES = st.builds(
    TelemetryMessage,
    sensor=st.sampled_from(["one", "two"]),
    kind=st.one_of(st.sampled_from(list(RECORD_KINDS)), TEXT),
    payload=st.one_of(
        RECORDS.map(msgspec.json.encode), st.just(b"{}"), st.just(b"[1,null]"), TEXT.map(msgspec.json.encode)
    ).map(msgspec.Raw),
)


@given(TEXT, RECORDS)
def test_record_round_trip(sensor: str, record: Record) -> None:
    message = encode_record(sensor, record)
    assert decode_message(decode_batch(encode_batch([message])).messages[0]) == record


@given(st.binary(max_size=2000), st.integers(1, 2**31))
def test_envelope_round_trip(plaintext: bytes, seq: int) -> None:
    padded = plaintext.ljust(2, b" ")
    made = encode_envelope(run_arn="run", agent_id="host-" + "0" * 17, stream="collection", seq=seq, plaintext=padded)
    header, back = decode_envelope(made)
    assert (header.seq, back) == (seq, padded)


@given(st.binary(max_size=500))
def test_any_bytes_are_refused(data: bytes) -> None:
    for decode in (decode_batch, decode_envelope):
        with suppress(WireError):
            decode(data)


@given(st.data())
def test_an_envelope_that_was_changed_anywhere_is_refused_or_the_same(data: st.DataObject) -> None:
    made = encode_envelope(
        run_arn="run", agent_id="host-" + "0" * 17, stream="collection", seq=1, plaintext=b"telemetry " * 20
    )
    at = data.draw(st.integers(0, len(made) - 1))
    changed = bytearray(made)
    changed[at] ^= data.draw(st.integers(1, 255))
    with suppress(WireError):
        assert decode_envelope(bytes(changed))[1] == b"telemetry " * 20


@given(st.lists(MESSAGES, max_size=20))
def test_facts_are_built_from_any_messages(messages: list[TelemetryMessage]) -> None:
    facts = build_facts("agent", messages)
    assert 0 <= facts.undecoded <= len(messages)
    for sensor, status in facts.sensors.items():
        assert status.sensor == sensor


@given(st.lists(RECORDS.filter(lambda record: not isinstance(record, SensorStatus)), max_size=10))
def test_an_unfinished_collection_changes_no_facts(records: list[Record]) -> None:
    facts = build_facts("agent", [encode_record("one", record) for record in records])
    assert facts.sensors == {}
    assert {kind.__name__ for kind in facts.records} <= {"MonitoringStart"}


@given(st.binary(max_size=50), st.integers(1, 10**11), st.integers(1, 10**17), st.binary(min_size=64, max_size=64))
def test_signature_headers_round_trip(body: bytes, created: int, counter: int, signature: bytes) -> None:
    covered = Covered(
        method="POST", path="/agent/v1/x", content_digest=content_digest(body), session="s" * 24, counter=counter
    )
    claim = parse_headers("POST", "/agent/v1/x", render_headers(covered, created, key_id(body), signature))
    assert (claim.covered, claim.created, claim.signature) == (covered, created, signature)
    assert claim.covers(body)


@given(st.dictionaries(st.sampled_from(["signature-input", "signature", "content-digest"]), TEXT))
def test_any_headers_are_refused(headers: dict[str, str]) -> None:
    with suppress(WireError):
        parse_headers("POST", "/agent/v1/x", headers)
