from dataclasses import replace

import msgspec
import pytest

from openinspector.model.errors import WireError
from openinspector.model.inventory import Group, OperatingSystem, Package, PackageManager, User
from openinspector.wire.codec import (
    decode_batch,
    decode_message,
    encode_batch,
    encode_record,
    message_size,
)
from openinspector.wire.telemetry import TelemetryMessage

PACKAGE = Package(
    manager=PackageManager.DPKG,
    name="openssl",
    version="3.0.11-1",
    architecture="amd64",
    source_name="openssl",
    source_version="3.0.11-1",
)


def message(kind: str, payload: bytes) -> TelemetryMessage:
    return TelemetryMessage(sensor="dpkg", kind=kind, payload=msgspec.Raw(payload))


def test_record_round_trip() -> None:
    sent = encode_record("dpkg", PACKAGE)
    assert (sent.sensor, sent.kind) == ("dpkg", "Package")
    assert decode_message(sent) == PACKAGE


def test_batch_keeps_its_order() -> None:
    messages = (encode_record("dpkg", PACKAGE), encode_record("accounts", Group(name="root", gid=0)))
    decoded = decode_batch(encode_batch(messages)).messages
    assert [decode_message(found) for found in decoded] == [PACKAGE, Group(name="root", gid=0)]


def test_size_is_of_the_payload_in_bytes() -> None:
    assert message_size(message("Group", '{"name":"é","gid":1}'.encode())) == 21


@pytest.mark.parametrize(
    ("kind", "payload", "reason"),
    [
        ("Rootkit", b"{}", "no record is named 'Rootkit'"),
        ("x" * 10_000, b"{}", "no record is named"),
        ("Group", b'{"name":"root"}', "missing required field `gid`"),
        ("Group", b'{"name":"root","gid":"0"}', "Expected `int`"),
        ("Group", b'{"name":"root","gid":1e0}', "Expected `int`"),
        ("Group", b'{"name":"root","gid":1' + b"0" * 5000 + b"}", "out of range"),
        ("Group", b"[" * 50_000 + b"]" * 50_000, "Expected `object`"),
        ("Group", b'{"x":' + b"[" * 50_000 + b"]" * 50_000 + b',"name":"r","gid":1}', "nested too deeply"),
        ("Group", b'{"name":"\xff","gid":1}', "not understood"),
        ("Group", b'{"name":"\\ud800","gid":1}', "not understood"),
        ("Group", b"", "not understood"),
        ("User", b'{"name":"a","uid":1,"gid":1,"password":"hunter2"}', "Invalid enum value"),
    ],
)
def test_rejects_invalid_payloads(kind: str, payload: bytes, reason: str) -> None:
    with pytest.raises(WireError, match=reason) as refused:
        decode_message(message(kind, payload))
    assert len(str(refused.value)) < 500


def test_unknown_field_of_a_newer_agent_is_ignored() -> None:
    assert decode_message(message("Group", b'{"name":"root","gid":0,"since":"9.9"}')) == Group(name="root", gid=0)


def test_text_that_is_not_unicode_is_refused_before_it_is_sent() -> None:
    with pytest.raises(WireError, match="not Unicode"):
        encode_record("accounts", User(name="\udcff", uid=1, gid=1))


@pytest.mark.parametrize(
    "plaintext",
    [
        b"",
        b"{}",
        b"[]",
        b'{"messages":[{}]}',
        b'{"messages":[],"more":1}',
        b'{"messages":' + b"[" * 100_000,
        b"\x00" * 64,
    ],
)
def test_invalid_batch_is_refused(plaintext: bytes) -> None:
    with pytest.raises(WireError, match="a telemetry batch"):
        decode_batch(plaintext)


def test_kinds_are_strict_about_each_other() -> None:
    with pytest.raises(WireError):
        decode_message(replace_kind(encode_record("dpkg", PACKAGE), "User"))
    assert replace(PACKAGE, name="x") != PACKAGE


def replace_kind(sent: TelemetryMessage, kind: str) -> TelemetryMessage:
    return msgspec.structs.replace(sent, kind=kind)


def test_defaults_need_not_be_sent() -> None:
    system = decode_message(message("OperatingSystem", b'{"id":"debian","version_id":"12"}'))
    assert system == OperatingSystem(id="debian", version_id="12")
