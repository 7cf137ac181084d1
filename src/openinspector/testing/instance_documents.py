"""An authority for instance identity documents: signs as AWS does (BER of indefinite length), or wrongly on request.

`SignedDocumentParts` are the parts of one message, so that a test can damage exactly one of them. The encoder is our
own, because libraries write only valid messages.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

INSTANCE: Final = "i-0123456789abcdef0"
ACCOUNT: Final = "123456789012"
REGION: Final = "eu-west-1"
PENDING: Final = "2026-01-01T00:00:00Z"

_OIDS: Final = {
    "data": "06092a864886f70d010701",
    "signed_data": "06092a864886f70d010702",
    "content_type": "06092a864886f70d010903",
    "message_digest": "06092a864886f70d010904",
    "rsa": "06092a864886f70d010101",
    "sha256_rsa": "06092a864886f70d01010b",
    "sha512_rsa": "06092a864886f70d01010d",
    "md5": "06082a864886f70d0205",
    "sha1": "06052b0e03021a",
    "sha256": "0609608648016503040201",
    "sha512": "0609608648016503040203",
}
_NULL: Final = b"\x05\x00"
_END: Final = b"\x00\x00"


def document(**changes: object) -> bytes:
    """Return an instance identity document as EC2 writes it; None takes a member away."""
    members: dict[str, object] = {
        "accountId": ACCOUNT,
        "architecture": "x86_64",
        "availabilityZone": f"{REGION}a",
        "billingProducts": None,
        "imageId": "ami-0123456789abcdef0",
        "instanceId": INSTANCE,
        "instanceType": "t3.micro",
        "pendingTime": PENDING,
        "privateIp": "10.0.0.5",
        "region": REGION,
        "version": "2017-09-30",
    }
    kept = {name: value for name, value in {**members, **changes}.items() if value is not None}
    return json.dumps(kept, indent=2, separators=(",", " : ")).encode()


def der(tag: int, *parts: bytes) -> bytes:
    """Return one value of definite length."""
    body = b"".join(parts)
    if len(body) < 0x80:  # noqa: PLR2004 - the longest short length of X.690
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def ber(tag: int, *parts: bytes) -> bytes:
    """Return one constructed value of indefinite length."""
    return bytes([tag, 0x80]) + b"".join(parts) + _END


class DocumentAuthority:
    """A key and its certificate; AWS has one per region."""

    def __init__(self, bits: int = 2048, name: str = "Washington State") -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        subject = x509.Name([x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, name)])
        begins = datetime(2020, 1, 1, tzinfo=UTC)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(begins + timedelta(days=36500))
            .sign(self.key, hashes.SHA256())
        )

    @property
    def pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def sign(self, content: bytes, **changes: Any) -> str:
        """Return a message as the metadata service returns it: base64 in lines of 64, with ``changes`` to its parts."""
        message = SignedDocumentParts(authority=self, content=content, **changes).message()
        text = base64.b64encode(message).decode()
        return "\n".join(text[start : start + 64] for start in range(0, len(text), 64))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDocumentParts:
    """The parts of a message; the defaults are those of AWS."""

    authority: DocumentAuthority
    content: bytes
    shown: bytes | None = None
    """The content that is put in, where it is another than the one signed."""
    detached: bool = False
    chunks: int = 1
    """Pieces the content is sent in."""
    digest: str = "sha256"
    named_digest: str | None = None
    """The digest the signer names, where it is another than the one used."""
    algorithm: str = "rsa"
    with_attributes: bool = True
    attribute_digests: Sequence[bytes] | None = None
    signature: bytes | None = None
    signers: int = 1
    certificates: Sequence[bytes] = field(default=())
    """DER of certificates that are put in."""
    named: x509.Certificate | None = None
    """The certificate the signer is named by, where it is another's."""
    definite: bool = False
    null_parameters: bool = True
    """Whether digest algorithms have NULL as parameters."""
    digests: Sequence[str] | None = None
    """The digests listed beside the content, if others than the signer's."""
    unsigned: bytes = b""
    """Unsigned attributes, without their tag."""
    version: int = 1
    signer_version: int = 1
    after_content: bytes = b""
    """A value behind the content, in the same wrapper."""

    def message(self) -> bytes:
        """Return the whole message."""
        build = der if self.definite else ber
        certificates = [der(0xA0, *self.certificates)] if self.certificates else []
        signed = build(
            0x30,
            der(0x02, bytes([self.version])),
            der(0x31, *self._digest_algorithms()),
            self._content(build),
            *certificates,
            der(0x31, *[self._signer()] * self.signers),
        )
        return build(0x30, _oid("signed_data"), build(0xA0, signed))

    def attributes(self) -> bytes:
        """Return the signed attributes, without their tag."""
        digests = self.attribute_digests or [hashlib.new(self.digest, self.content).digest()]
        kind = der(0x30, _oid("content_type"), der(0x31, _oid("data")))
        return kind + b"".join(der(0x30, _oid("message_digest"), der(0x31, der(0x04, one))) for one in digests)

    def _content(self, build: Any) -> bytes:
        if self.detached:
            return bytes(build(0x30, _oid("data")))
        content = self.content if self.shown is None else self.shown
        if self.definite:
            return der(0x30, _oid("data"), der(0xA0, der(0x04, content), self.after_content))
        size = -(-len(content) // self.chunks) or 1
        pieces = [der(0x04, content[start : start + size]) for start in range(0, len(content), size)]
        return ber(0x30, _oid("data"), ber(0xA0, ber(0x24, *pieces), self.after_content))

    def _digest_algorithm(self) -> bytes:
        return self._algorithm(self.named_digest or self.digest)

    def _digest_algorithms(self) -> list[bytes]:
        return [self._digest_algorithm()] if self.digests is None else [self._algorithm(name) for name in self.digests]

    def _algorithm(self, name: str) -> bytes:
        return der(0x30, _oid(name), _NULL if self.null_parameters else b"")

    def _signer(self) -> bytes:
        named = self.named or self.authority.certificate
        number = named.serial_number
        serial = number.to_bytes(number.bit_length() // 8 + 1, "big")
        return der(
            0x30,
            der(0x02, bytes([self.signer_version])),
            der(0x30, named.issuer.public_bytes(), der(0x02, serial)),
            self._digest_algorithm(),
            der(0xA0, self.attributes()) if self.with_attributes else b"",
            der(0x30, _oid(self.algorithm), _NULL),
            der(0x04, self.signature if self.signature is not None else self._signature()),
            der(0xA1, self.unsigned) if self.unsigned else b"",
        )

    def _signature(self) -> bytes:
        signed = der(0x31, self.attributes()) if self.with_attributes else self.content
        algorithm = {
            "md5": hashes.MD5(),  # noqa: S303 - what must be refused
            "sha1": hashes.SHA1(),  # noqa: S303 - the same
            "sha256": hashes.SHA256(),
            "sha512": hashes.SHA512(),
        }[self.digest]
        return self.authority.key.sign(signed, padding.PKCS1v15(), algorithm)


def _oid(name: str) -> bytes:
    return bytes.fromhex(_OIDS[name])
