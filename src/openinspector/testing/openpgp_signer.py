"""A temporary OpenPGP key (RFC 4880) that makes real signatures of texts and files."""

import base64
import hashlib
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_PUBLIC_KEY, _SIGNATURE, _USER_ID = 6, 2, 13
_BINARY, _TEXT, _CERTIFICATION = 0x00, 0x01, 0x13
_RSA, _SHA256 = 1, 8
_NEW_FORMAT = 0xC0


class OpenPgpSigner:
    """One RSA key with one user id."""

    def __init__(self, name: str = "Throwaway archive key", created: int = 1_700_000_000) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._created = created
        self._name = name.encode()
        numbers = self._key.public_key().public_numbers()
        self._public = struct.pack(">BIB", 4, created, _RSA) + _integer(numbers.n) + _integer(numbers.e)
        prefixed = b"\x99" + struct.pack(">H", len(self._public)) + self._public
        # the fingerprint of a version 4 key is a SHA-1 by definition (RFC 4880 section 12.2)
        self._key_id = hashlib.sha1(prefixed, usedforsecurity=False).digest()[-8:]
        self._prefixed = prefixed

    def keyring(self) -> bytes:
        """Return the binary keyring that holds the public key."""
        about = self._prefixed + b"\xb4" + struct.pack(">I", len(self._name)) + self._name
        signature = self._signature(_CERTIFICATION, about)
        return _packet(_PUBLIC_KEY, self._public) + _packet(_USER_ID, self._name) + _packet(_SIGNATURE, signature)

    def armoured_key(self) -> str:
        """Return the keyring as text, as apt's Signed-By may hold it."""
        return _armour("PUBLIC KEY BLOCK", self.keyring())

    def clearsign(self, text: str) -> bytes:
        """Return ``text`` with its signature around it. No line may begin with a dash."""
        lines = text.rstrip("\n").split("\n")
        canonical = "\r\n".join(line.rstrip(" \t") for line in lines).encode()
        signature = _armour("SIGNATURE", _packet(_SIGNATURE, self._signature(_TEXT, canonical)))
        body = "\n".join(lines)
        return f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{body}\n{signature}".encode()

    def sign_beside(self, content: bytes) -> bytes:
        """Return an armoured signature of a file, to stand beside it."""
        return _armour("SIGNATURE", _packet(_SIGNATURE, self._signature(_BINARY, content))).encode()

    def _signature(self, kind: int, content: bytes) -> bytes:
        hashed = b"\x05\x02" + struct.pack(">I", self._created)
        head = struct.pack(">BBBBH", 4, kind, _RSA, _SHA256, len(hashed)) + hashed
        signed = content + head + b"\x04\xff" + struct.pack(">I", len(head))
        issuer = b"\x09\x10" + self._key_id
        number = int.from_bytes(self._key.sign(signed, padding.PKCS1v15(), hashes.SHA256()))
        check = hashlib.sha256(signed).digest()[:2]
        return head + struct.pack(">H", len(issuer)) + issuer + check + _integer(number)


def _integer(number: int) -> bytes:
    length = number.bit_length()
    return struct.pack(">H", length) + number.to_bytes((length + 7) // 8)


def _packet(tag: int, body: bytes) -> bytes:
    return bytes([_NEW_FORMAT | tag, 0xFF]) + struct.pack(">I", len(body)) + body


def _armour(kind: str, content: bytes) -> str:
    encoded = base64.b64encode(content).decode()
    lines = "\n".join(encoded[start : start + 64] for start in range(0, len(encoded), 64))
    check = base64.b64encode(_crc24(content).to_bytes(3)).decode()
    return f"-----BEGIN PGP {kind}-----\n\n{lines}\n={check}\n-----END PGP {kind}-----\n"


def _crc24(content: bytes) -> int:
    register = 0xB704CE
    for octet in content:
        register ^= octet << 16
        for _ in range(8):
            register <<= 1
            if register & 0x1000000:
                register ^= 0x1864CFB
    return register
