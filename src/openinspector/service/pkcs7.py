"""Signed PKCS #7 documents (RFC 5652, in BER as AWS writes them), verified against one key.

Stricter than CMS: one signer, embedded content, digests of the SHA-2 family, RSA signatures of PKCS #1 v1.5.
The verifier knows the signer's certificate, so a message holds none.

A message may contain only verified values. It is encoded again from the parsed values, and must be equal to the
received bytes, with its lengths made definite (`_to_der`). So nothing can be added beside the signed values: no
certificates, no further digests, no unsigned attributes, no trailing bytes.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from asn1crypto import algos, cms, core
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
_MAX_DEPTH: Final = 24
_CONSTRUCTED: Final = 0x20
_OCTETS: Final = 0x04
_LONG: Final = 0x80


class Pkcs7Error(OpenInspectorError):
    """Bytes that are not a signed document, or are not signed as required."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDocument:
    """The content of a message; unverified until `verify`."""

    content: bytes
    digest: str
    """``sha256``, ``sha384`` or ``sha512``."""
    issuer: bytes
    """DER of the issuer's name in the signer's certificate."""
    serial_number: int
    signature: bytes
    attributes: bytes | None
    """The signed attributes as a DER SET. None if the content itself is signed."""
    content_digest: bytes
    """Digest of the content, from the signed attributes; empty without them."""

    def verify(self, certificate: Certificate) -> None:
        """Raise Pkcs7Error unless the holder of ``certificate`` signed the content."""
        if (self.serial_number, self.issuer) != (certificate.serial_number, certificate.issuer.public_bytes()):
            raise Pkcs7Error("the document names a signer other than the one expected")
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _MIN_KEY_BITS:
            raise Pkcs7Error(f"the signer's certificate has no RSA key of at least {_MIN_KEY_BITS} bits")
        if self.attributes is not None:
            digest = hashlib.new(self.digest, self.content).digest()
            if not hmac.compare_digest(digest, self.content_digest):
                raise Pkcs7Error("the document's content is not what was signed")
        signed = self.content if self.attributes is None else self.attributes
        try:
            key.verify(self.signature, signed, padding.PKCS1v15(), _HASHES[self.digest])
        except InvalidSignature as error:
            raise Pkcs7Error("the document's signature is not from its signer") from error


def parse_signed_document(message: bytes) -> SignedDocument:
    """Return the claims of a BER-encoded message. Raises Pkcs7Error, and nothing else, for any other bytes.

    The only place that knows asn1crypto.
    """
    if len(message) > MAX_BYTES:
        raise Pkcs7Error(f"the document is larger than {MAX_BYTES} bytes")
    try:
        return _parse(message)
    except Pkcs7Error:
        raise
    except Exception as error:  # asn1crypto raises many types on foreign bytes
        raise Pkcs7Error("the document is not a PKCS #7 message") from error


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
        raise Pkcs7Error("the document is signed with an algorithm that is not accepted")
    if _named_hash(signer) not in (None, digest):
        raise Pkcs7Error("the document's signature names two digests")
    if signer["sid"].name != "issuer_and_serial_number":
        raise Pkcs7Error("the document does not name its signer by issuer and number")
    attributes, content_digest = _attributes(signer)
    if _to_der(message) != _canonical(inner["content"].native, signer, attributes):
        raise Pkcs7Error("the document holds something besides what is signed")
    return SignedDocument(
        content=inner["content"].native,
        digest=digest,
        issuer=signer["sid"].chosen["issuer"].dump(force=True),
        serial_number=signer["sid"].chosen["serial_number"].native,
        signature=signer["signature"].native,
        attributes=attributes,
        content_digest=content_digest,
    )


def _canonical(content: bytes, signer: cms.SignerInfo, attributes: bytes | None) -> bytes:
    """Return the DER of the one message that holds these values and nothing else."""
    digest = _algorithm(signer["digest_algorithm"])
    only = {
        "version": "v1",
        "sid": signer["sid"],
        "digest_algorithm": digest,
        "signature_algorithm": _algorithm(signer["signature_algorithm"]),
        "signature": signer["signature"].native,
    }
    if attributes is not None:
        only["signed_attrs"] = cms.CMSAttributes.load(attributes)
    signed = {
        "version": "v1",
        "digest_algorithms": [digest],
        "encap_content_info": {"content_type": "data", "content": content},
        "signer_infos": [only],
    }
    encoded: bytes = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump(force=True)
    return encoded


def _algorithm(given: algos.DigestAlgorithm | cms.SignedDigestAlgorithm) -> object:
    """Return an algorithm, with NULL as parameters if it has any (RFC 5754 section 2 allows both)."""
    if given["parameters"].native is not None:
        raise Pkcs7Error("the document's algorithms have parameters")
    return given


def _to_der(message: bytes) -> bytes:
    """Return one BER value with definite lengths and primitive octet strings; Pkcs7Error for other forms of BER."""
    value, end = _value(message, 0, 0)
    if end != len(message):
        raise Pkcs7Error("the document is followed by something else")
    return value


def _value(data: bytes, start: int, depth: int) -> tuple[bytes, int]:
    """Return the value at ``start`` in DER, and the offset of its end."""
    if depth > _MAX_DEPTH:
        raise Pkcs7Error("the document is nested too deeply")
    tag, first = data[start], data[start + 1]
    if first == _LONG:
        body, end = _children(data, start + 2, None, depth)
        end += 2
    else:
        count = first & ~_LONG if first & _LONG else 0
        length = int.from_bytes(data[start + 2 : start + 2 + count], "big") if count else first
        begin = start + 2 + count
        end = begin + length
        if end > len(data) or data[start + 1 : begin] != _length(length):
            raise Pkcs7Error("the document is cut off, or has a length that is not the shortest")
        body = _children(data, begin, end, depth)[0] if tag & _CONSTRUCTED else [data[begin:end]]
    if tag == _OCTETS | _CONSTRUCTED:
        pieces = [core.OctetString.load(piece, strict=True).native for piece in body]
        if not all(pieces):
            raise Pkcs7Error("the document holds an empty piece")
        tag, body = _OCTETS, pieces
    elif first == _LONG and not tag & _CONSTRUCTED:
        raise Pkcs7Error("the document has a primitive value without a length")
    content = b"".join(body)
    return bytes([tag]) + _length(len(content)) + content, end


def _children(data: bytes, at: int, end: int | None, depth: int) -> tuple[list[bytes], int]:
    """Return the values up to ``end`` (None: up to the unconsumed end mark), and the offset of their end."""
    found = []
    while data[at : at + 2] != b"\0\0" if end is None else at < end:
        value, at = _value(data, at, depth + 1)
        found.append(value)
    if end is not None and at != end:
        raise Pkcs7Error("the document holds a value that is longer than what it is in")
    return found, at


def _length(length: int) -> bytes:
    if length < _LONG:
        return bytes([length])
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([_LONG | len(octets)]) + octets


def _named_hash(signer: cms.SignerInfo) -> str | None:
    """Return the digest that the signature's algorithm names; None for plain ``rsaEncryption``."""
    name: str = signer["signature_algorithm"]["algorithm"].native
    return None if name == "rsassa_pkcs1v15" else name.removesuffix("_rsa")


def _attributes(signer: cms.SignerInfo) -> tuple[bytes | None, bytes]:
    given = signer["signed_attrs"]
    if not given:
        return None, b""
    # The signature is over the DER of the set, however it was sent (RFC 5652 section 5.4): read the values from that.
    encoded: bytes = given.untag().dump(force=True)
    found: dict[str, object] = {}
    for attribute in cms.CMSAttributes.load(encoded, strict=True):
        name = attribute["type"].native
        if name in found or len(attribute["values"]) != 1:
            raise Pkcs7Error("a signed attribute occurs twice")
        found[name] = attribute["values"][0].native
    digest = found.get("message_digest")
    if found.get("content_type") != "data" or not isinstance(digest, bytes):
        raise Pkcs7Error("the signed attributes do not name the content")
    return encoded, digest
