"""The parser of signed documents takes any bytes and gives a claim or a refusal."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from hypothesis import given
from hypothesis import strategies as st

from openinspector.service.aws_certificates import load_region_certificates
from openinspector.service.pkcs7 import MAX_BYTES, Pkcs7Error, parse_signed_document
from openinspector.testing.instance_documents import DocumentAuthority, SignedDocumentParts, der, document

OURS = DocumentAuthority()
MESSAGE = SignedDocumentParts(authority=OURS, content=document()).message()


def is_accepted(message: bytes) -> bool:
    try:
        parse_signed_document(message).verify(OURS.certificate)
    except Pkcs7Error:
        return False
    return True


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_and_never_a_crash(message: bytes) -> None:
    with pytest.raises(Pkcs7Error):
        parse_signed_document(message)


@given(st.integers(0, len(MESSAGE) - 1), st.integers(0, 255))
def test_one_byte_changed_is_refused(place: int, byte: int) -> None:
    changed = bytearray(MESSAGE)
    changed[place] = byte
    assert is_accepted(bytes(changed)) == (changed == MESSAGE)


@given(st.integers(0, len(MESSAGE)), st.integers(0, len(MESSAGE)), st.binary(max_size=8))
def test_a_piece_replaced_is_refused(start: int, end: int, piece: bytes) -> None:
    changed = MESSAGE[:start] + piece + MESSAGE[end:]
    assert is_accepted(changed) == (changed == MESSAGE)


@given(st.integers(0, len(MESSAGE)), st.binary(min_size=1, max_size=8))
def test_a_piece_inserted_is_refused(place: int, piece: bytes) -> None:
    assert not is_accepted(MESSAGE[:place] + piece + MESSAGE[place:])


@pytest.mark.parametrize("chunks", [1, 2, 5])
@pytest.mark.parametrize("with_attributes", [True, False])
@pytest.mark.parametrize("null", [True, False])
def test_every_framing_of_the_same_values_is_accepted(*, chunks: int, with_attributes: bool, null: bool) -> None:
    """AWS writes indefinite lengths and leaves the digest's parameters out; other encoders do otherwise."""
    for definite in (True, False):
        parts = SignedDocumentParts(
            authority=OURS,
            content=document(),
            chunks=chunks,
            definite=definite,
            with_attributes=with_attributes,
            null_parameters=null,
        )
        assert is_accepted(parts.message())


@pytest.mark.parametrize(
    "changes",
    [
        {"digests": ("sha256", "sha512")},
        {"digests": ("sha256", "sha256")},
        {"digests": ("sha512",)},
        {"digests": ()},
        {"unsigned": der(0x30, bytes.fromhex("06092a864886f70d010903"), der(0x31, der(0x04, b"x")))},
        {"certificates": (OURS.certificate.public_bytes(Encoding.DER),)},
        {"version": 3},
        {"signer_version": 3},
        {"after_content": der(0x05)},
    ],
    ids=",".join,
)
@pytest.mark.parametrize("definite", [True, False])
def test_unsigned_parts_are_refused(*, changes: dict[str, Any], definite: bool) -> None:
    parts = SignedDocumentParts(authority=OURS, content=document(), definite=definite)
    assert is_accepted(parts.message())
    assert not is_accepted(replace(parts, **changes).message())


@pytest.mark.parametrize("tag", [0x30, 0x31, 0xA0, 0x24])
def test_endless_nesting_is_refused(tag: int) -> None:
    with pytest.raises(Pkcs7Error):
        parse_signed_document(bytes([tag, 0x80]) * (MAX_BYTES // 2))
    deep = b""
    for _ in range(1500):
        deep = der(tag, deep)
    with pytest.raises(Pkcs7Error):
        parse_signed_document(deep[:MAX_BYTES])


@pytest.mark.shared
def test_the_vendors_certificates_can_be_pinned(shared: Path, tmp_path: Path) -> None:
    texts = json.loads((shared / "data" / "identity" / "aws_region_certs.json").read_text())
    for region, pem in texts.items():
        (tmp_path / f"{region}.pem").write_text(pem)
    pinned = load_region_certificates(tmp_path)
    assert {region: load_pem_x509_certificate(pem.encode()) for region, pem in texts.items()} == pinned
    assert len(pinned) > 30
    forged = parse_signed_document(MESSAGE)
    for certificate in pinned.values():
        with pytest.raises(Pkcs7Error):
            forged.verify(certificate)
