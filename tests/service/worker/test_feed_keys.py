from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from openinspector.model.errors import FeedError
from openinspector.service.worker.feed_keys import read_private_key, read_public_key


def test_keys_of_a_pair(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    private, public = tmp_path / "key.pem", tmp_path / "public.pem"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    read_public_key(public).verify(read_private_key(private).sign(b"x"), b"x")


def test_rejects_other_files(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    curve = generate_private_key(SECP256R1())
    for content in (b"", b"x", curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())):
        path.write_bytes(content)
        with pytest.raises(FeedError, match="private Ed25519"):
            read_private_key(path)
        with pytest.raises(FeedError, match="public Ed25519"):
            read_public_key(path)
