"""Forged instance identity documents, one attack a test (agent-security.md section 1)."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from openinspector.service.app.attestation import InstanceProof, Shown, Trust
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.attestors.aws_instance import attest
from openinspector.testing.instance_documents import (
    ACCOUNT,
    INSTANCE,
    REGION,
    DocumentAuthority,
    SignedDocumentParts,
    der,
    document,
)

OURS = DocumentAuthority()
OTHER = DocumentAuthority()
WEAK = DocumentAuthority(bits=1024)
TRUST = Trust(certificates={REGION: OURS.certificate, "us-east-1": OTHER.certificate})


def shown(text: str, **more: str) -> Shown:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    return Shown(evidence={"rsa2048": text, **more}, key_id="0" * 64, nonce="n" * 43, now=now)


def refusal(text: str, trust: Trust = TRUST, **more: str) -> str:
    with pytest.raises(RefusedError) as refused:
        attest(shown(text, **more), trust)
    assert refused.value.code is RefusalCode.ENROLMENT_REFUSED
    return str(refused.value)


@pytest.mark.parametrize(
    "honest",
    [
        {},
        {"chunks": 3},
        {"definite": True},
        {"digest": "sha512"},
        {"algorithm": "sha256_rsa"},
        {"with_attributes": False},
    ],
)
def test_a_document_proves_its_instance(honest: dict[str, Any]) -> None:
    """As AWS writes them, in BER of indefinite length; and in the other forms CMS allows."""
    assert attest(shown(OURS.sign(document(), **honest)), TRUST) == InstanceProof(
        instance_id=INSTANCE,  # type: ignore[arg-type]  # its text
        account=ACCOUNT,
        region=REGION,
        pending_time=datetime(2026, 1, 1, tzinfo=UTC),
        ami_id="ami-0123456789abcdef0",
    )


def test_unsigned_content_is_ignored() -> None:
    """The side channel of SPIRE 1.14.6: a copy of the document that nobody signed."""
    copy = document(instanceId="i-0fedcba9876543210").decode()
    assert "signed document alone" in refusal(OURS.sign(document()), document=copy)


def test_swapped_content_is_refused() -> None:
    forged = OURS.sign(document(), shown=document(instanceId="i-0fedcba9876543210"))
    assert "content is not what was signed" in refusal(forged)


def test_swapped_content_without_attributes_is_refused() -> None:
    forged = OURS.sign(document(), shown=document(instanceId="i-0fedcba9876543210"), with_attributes=False)
    assert "signature is not" in refusal(forged)


def test_two_signers_are_refused() -> None:
    assert "exactly one signer" in refusal(OURS.sign(document(), signers=2))


def test_message_without_a_signer_is_refused() -> None:
    assert "exactly one signer" in refusal(OURS.sign(document(), signers=0))


def test_signer_of_another_region_is_refused() -> None:
    """Another region's certificate, honest there, signs nothing here."""
    assert "signer other than" in refusal(OTHER.sign(document()))


def test_signer_with_a_forged_region_name_is_refused() -> None:
    assert "signature is not" in refusal(OTHER.sign(document(), named=OURS.certificate))


def test_a_certificate_in_the_message_is_refused() -> None:
    stranger = DocumentAuthority()
    own = stranger.certificate.public_bytes(serialization.Encoding.DER)
    for authority in (stranger, OURS):
        sent = authority.sign(document(), certificates=[own], named=OURS.certificate)
        assert "besides what is signed" in refusal(sent)


def test_a_region_without_a_certificate_is_refused() -> None:
    assert "no certificate is pinned for the region ap-south-9" in refusal(OURS.sign(document(region="ap-south-9")))
    assert "no certificate is pinned" in refusal(OURS.sign(document()), Trust())


@pytest.mark.parametrize("digest", ["md5", "sha1"])
def test_a_broken_digest_is_refused(digest: str) -> None:
    assert "algorithm that is not accepted" in refusal(OURS.sign(document(), digest=digest))


def test_a_digest_that_the_signature_does_not_use_is_refused() -> None:
    assert refusal(OURS.sign(document(), named_digest="sha512"))
    assert "two digests" in refusal(OURS.sign(document(), algorithm="sha512_rsa"))


def test_a_wrong_message_digest_is_refused() -> None:
    assert "content is not what was signed" in refusal(OURS.sign(document(), attribute_digests=[bytes(32)]))


def test_two_message_digests_are_refused() -> None:
    right = SignedDocumentParts(authority=OURS, content=document()).attribute_digests or [bytes(32)]
    assert "occurs twice" in refusal(OURS.sign(document(), attribute_digests=[*right, bytes(32)]))


def test_signed_attributes_are_not_accepted_as_content() -> None:
    """A signature over attributes is one over bytes: shown as content, without attributes, it must not count."""
    honest = SignedDocumentParts(authority=OURS, content=document())
    signature = OURS.key.sign(der(0x31, honest.attributes()), *_pkcs1())
    forged = OURS.sign(der(0x31, honest.attributes()), with_attributes=False, signature=signature)
    assert "not an instance identity document" in refusal(forged)


def test_detached_content_is_refused() -> None:
    assert "holds no content" in refusal(OURS.sign(document(), detached=True))


@pytest.mark.parametrize("rest", [b"\x00", b"\x00\x00", b"\x30\x00", b"x" * 100])
def test_trailing_bytes_are_refused(rest: bytes) -> None:
    message = SignedDocumentParts(authority=OURS, content=document()).message()
    assert refusal(base64.b64encode(message + rest).decode())


def test_a_truncated_message_is_refused() -> None:
    message = SignedDocumentParts(authority=OURS, content=document()).message()
    for end in range(0, len(message), 7):
        assert refusal(base64.b64encode(message[:end]).decode())


def test_an_oversized_message_is_refused_unread() -> None:
    assert "larger than" in refusal(OURS.sign(document(note="x" * 9000)))
    assert "larger than" in refusal("A" * 1_000_000)


def test_weak_certificate_is_refused() -> None:
    assert "at least 2048 bits" in refusal(WEAK.sign(document()), Trust(certificates={REGION: WEAK.certificate}))


@pytest.mark.parametrize("text", ["", "not base64!", "AAAA", "MIIB", "é" * 8])
def test_rejects_invalid_messages(text: str) -> None:
    assert refusal(text)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 3000,
        document(instanceId="host-1"),
        document(instanceId="i-0123456789abcdef0\n"),
        document(accountId=123456789012),
        document(accountId="12345"),
        document(pendingTime="yesterday"),
        document(pendingTime="2026-01-01T00:00:00"),
        document(pendingTime=None),
        document(region=None),
    ],
)
def test_rejects_invalid_documents(content: bytes) -> None:
    """Signed by the right signer all the same."""
    assert "not an instance identity document" in refusal(OURS.sign(content))


def _pkcs1() -> tuple[padding.PKCS1v15, hashes.SHA256]:
    return padding.PKCS1v15(), hashes.SHA256()
