"""The format of https://c2sp.org/chunked-encryption once more: slow, obvious, from the specification alone.

It shares no code with `openinspector.service.sealing`: HKDF-Expand is RFC 5869 section 2.3 over the standard
library's HMAC, and every chunk is one AES-GCM call.
"""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK = 16 * 1024
TAG = 16
SALT = 24
COMMITMENT = 32
HEADER = SALT + COMMITMENT


class NotSealedError(Exception):
    """The bytes are not a message of the format under this key and context."""


def expand(key: bytes, info: bytes, length: int) -> bytes:
    blocks, block, number = b"", b"", 1
    while len(blocks) < length:
        block = hmac.new(key, block + info + bytes([number]), hashlib.sha512).digest()
        blocks, number = blocks + block, number + 1
    return blocks[:length]


def derive(key: bytes, salt: bytes, context: bytes) -> tuple[bytes, bytes, bytes]:
    info = b"c2sp.org/chunked-encryption@v1+" + b"AEAD_AES_256_GCM" + b"\x00" + salt + context
    material = expand(key, info, 32 + 12 + 32)
    return material[:32], material[32:44], material[44:]


def nonce_of(base: bytes, number: int) -> bytes:
    return (int.from_bytes(base, "big") ^ number).to_bytes(12, "big")


def seal(key: bytes, salt: bytes, context: bytes, message: bytes) -> bytes:
    chunk_key, base, commitment = derive(key, salt, context)
    sealed = salt + commitment
    for number in range(len(message) // CHUNK + 1):
        chunk = message[number * CHUNK : (number + 1) * CHUNK]
        sealed += AESGCM(chunk_key).encrypt(nonce_of(base, number), chunk, None)
    return sealed


def open_sealed(key: bytes, context: bytes, sealed: bytes) -> bytes:
    if len(sealed) < HEADER:
        raise NotSealedError("shorter than salt and commitment")
    chunk_key, base, commitment = derive(key, sealed[:SALT], context)
    if sealed[SALT:HEADER] != commitment:
        raise NotSealedError("another key or context")
    message, rest, number = b"", sealed[HEADER:], 0
    while True:
        chunk, rest = rest[: CHUNK + TAG], rest[CHUNK + TAG :]
        try:
            opened = AESGCM(chunk_key).decrypt(nonce_of(base, number), chunk, None)
        except InvalidTag as wrong:
            raise NotSealedError(f"chunk {number}") from wrong
        message, number = message + opened, number + 1
        if len(opened) < CHUNK:
            if rest:
                raise NotSealedError("bytes after the last chunk")
            return message
