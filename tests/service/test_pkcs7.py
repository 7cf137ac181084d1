"""The parser of signed documents takes any bytes and gives a claim or a refusal."""

import json
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificate
from hypothesis import given
from hypothesis import strategies as st

from openinspector.service.aws_certificates import load_region_certificates
from openinspector.service.pkcs7 import MAX_BYTES, Pkcs7Error, parse_signed_document
from openinspector.testing.instance_documents import DocumentAuthority, SignedDocumentParts, der, document

OURS = DocumentAuthority()
MESSAGE = SignedDocumentParts(authority=OURS, content=document()).message()


def survives(message: bytes) -> None:
    try:
        signed = parse_signed_document(message)
        signed.verify(OURS.certificate)
    except Pkcs7Error:
        return
    # Parts that are not signed may change (a certificate, a version); what is read out never does.
    assert signed.content == document()


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_and_never_a_crash(message: bytes) -> None:
    with pytest.raises(Pkcs7Error):
        parse_signed_document(message)


@given(st.integers(0, len(MESSAGE) - 1), st.integers(0, 255))
def test_one_byte_changed_is_refused_or_changes_nothing_that_counts(place: int, byte: int) -> None:
    changed = bytearray(MESSAGE)
    changed[place] = byte
    survives(bytes(changed))


@given(st.integers(0, len(MESSAGE)), st.integers(0, len(MESSAGE)), st.binary(max_size=8))
def test_a_piece_replaced_is_refused_or_changes_nothing_that_counts(start: int, end: int, piece: bytes) -> None:
    survives(MESSAGE[:start] + piece + MESSAGE[end:])


@pytest.mark.parametrize("tag", [0x30, 0x31, 0xA0, 0x24])
def test_nesting_without_end_is_refused(tag: int) -> None:
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
