"""Signed PKCS #7 documents (RFC 5652, in BER as AWS writes them): parsed in one function, verified against one key.

Strict where CMS is lenient: one signer, content inside, digests of the SHA-2 family, RSA signatures of PKCS #1 v1.5.
Certificates in the message are never looked at: who verifies knows the signer's.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from asn1crypto import cms
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import Certificate

from openinspector.model.errors import OpenInspectorError

MAX_BYTES: Final = 8 * 1024
_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = MappingProxyType(
    {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
)
_SIGNATURES: Final = ("rsassa_pkcs1v15",)
_MIN_KEY_BITS: Final = 2048


class Pkcs7Error(OpenInspectorError):
    """Bytes that are no signed document, or are not signed as they must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDocument:
    """What a message claims. Nothing is proved until `verify`."""

    content: bytes
    digest: str
    """``sha256``, ``sha384`` or ``sha512``."""
    issuer: bytes
    """DER of the name of who issued the signer's certificate."""
    serial_number: int
    signature: bytes
    attributes: bytes | None
    """The signed attributes as a DER SET: what is signed where there are some."""
    content_digest: bytes
    """What the signed attributes say of the content; empty without attributes."""

    def verify(self, certificate: Certificate) -> None:
        """Raise Pkcs7Error unless the holder of ``certificate`` signed the content."""
        if (self.serial_number, self.issuer) != (certificate.serial_number, certificate.issuer.public_bytes()):
            raise Pkcs7Error("the document names another signer than the one expected")
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _MIN_KEY_BITS:
            raise Pkcs7Error(f"the signer's certificate has no RSA key of at least {_MIN_KEY_BITS} bits")
        if self.attributes is not None:
            digest = hashlib.new(self.digest, self.content).digest()
            if not hmac.compare_digest(digest, self.content_digest):
                raise Pkcs7Error("the document's content is not the one that was signed")
        signed = self.content if self.attributes is None else self.attributes
        try:
            key.verify(self.signature, signed, padding.PKCS1v15(), _HASHES[self.digest])
        except InvalidSignature as error:
            raise Pkcs7Error("the document's signature is not its signer's") from error


def parse_signed_document(message: bytes) -> SignedDocument:
    """Return what a BER-encoded message claims; Pkcs7Error for anything else, whatever the bytes are.

    The only place that knows asn1crypto.
    """
    if len(message) > MAX_BYTES:
        raise Pkcs7Error(f"the document is larger than {MAX_BYTES} bytes")
    try:
        return _parse(message)
    except Pkcs7Error:
        raise
    except Exception as error:  # a parser of foreign bytes fails in many ways: each is a refusal
        raise Pkcs7Error("the document is no PKCS #7 message") from error


def _parse(message: bytes) -> SignedDocument:
    outer = cms.ContentInfo.load(message, strict=True)
    if outer["content_type"].native != "signed_data":
        raise Pkcs7Error("the document is not signed")
    signed = outer["content"]
    inner = signed["encap_content_info"]
    if inner["content_type"].native != "data" or not isinstance(inner["content"].native, bytes):
        raise Pkcs7Error("the signed message holds no content")
    if len(signed["signer_infos"]) != 1:
        raise Pkcs7Error("the document does not have exactly one signer")
    signer = signed["signer_infos"][0]
    digest = signer["digest_algorithm"]["algorithm"].native
    if digest not in _HASHES or signer["signature_algorithm"].signature_algo not in _SIGNATURES:
        raise Pkcs7Error("the document is signed with an algorithm that is not taken")
    if _named_hash(signer) not in (None, digest):
        raise Pkcs7Error("the document's signature names two digests")
    if signer["sid"].name != "issuer_and_serial_number":
        raise Pkcs7Error("the document does not name its signer by issuer and number")
    attributes, content_digest = _attributes(signer)
    return SignedDocument(
        content=inner["content"].native,
        digest=digest,
        issuer=signer["sid"].chosen["issuer"].dump(force=True),
        serial_number=signer["sid"].chosen["serial_number"].native,
        signature=signer["signature"].native,
        attributes=attributes,
        content_digest=content_digest,
    )


def _named_hash(signer: cms.SignerInfo) -> str | None:
    """Return the digest the signature's own algorithm names; None for plain ``rsaEncryption``."""
    name: str = signer["signature_algorithm"]["algorithm"].native
    return None if name == "rsassa_pkcs1v15" else name.removesuffix("_rsa")


def _attributes(signer: cms.SignerInfo) -> tuple[bytes | None, bytes]:
    given = signer["signed_attrs"]
    if not given:
        return None, b""
    # What is signed is the DER of the set, however it was sent (RFC 5652 section 5.4): read the values out of that.
    encoded: bytes = given.untag().dump(force=True)
    found: dict[str, object] = {}
    for attribute in cms.CMSAttributes.load(encoded, strict=True):
        name = attribute["type"].native
        if name in found or len(attribute["values"]) != 1:
            raise Pkcs7Error("a signed attribute is there twice")
        found[name] = attribute["values"][0].native
    digest = found.get("message_digest")
    if found.get("content_type") != "data" or not isinstance(digest, bytes):
        raise Pkcs7Error("the signed attributes do not say what was signed")
    return encoded, digest
