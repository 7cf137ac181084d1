"""The embedded certificate authority and server certificate, created at first start.

Agents and API clients pin ``ca.pem``. The same authority reissues the server certificate when the configured
names change or less than a third of its lifetime is left.
"""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CA_LIFE: Final = timedelta(days=3650)
_SERVER_LIFE: Final = timedelta(days=397)
_BACKDATE: Final = timedelta(minutes=5)
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Paths of the authority's certificate and of the server's certificate and key."""

    ca: Path
    certificate: Path
    key: Path


def ensure_certificates(folder: Path, names: Sequence[str], now: datetime) -> Certificates:
    """Return the certificates in ``folder``; create those that are absent, expire soon or have other names."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = Certificates(ca=folder / "ca.pem", certificate=folder / "server.pem", key=folder / "server.key")
    ca_key_file = folder / "ca.key"
    if read_authority(folder) is None:
        write_authority(folder, make_authority(now))
    if not _is_current(found.certificate, found.key, names, now):
        _make_server_certificate(found, ca_key_file, names, now)
    return found


def read_authority(folder: Path) -> bytes | None:
    """Return the authority in ``folder``: its key and its certificate in PEM; None if absent."""
    key, certificate = folder / "ca.key", folder / "ca.pem"
    return key.read_bytes() + certificate.read_bytes() if key.is_file() and certificate.is_file() else None


def write_authority(folder: Path, authority: bytes) -> None:
    """Write an authority to ``folder``; a server certificate of another one is deleted."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if read_authority(folder) == authority:
        return
    begin = authority.index(_CERTIFICATE)
    (folder / "server.pem").unlink(missing_ok=True)
    write_private(folder / "ca.key", authority[:begin])
    (folder / "ca.pem").write_bytes(authority[begin:])


def write_private(path: Path, content: bytes) -> None:
    """Write a file atomically, readable by its owner only."""
    draft = path.with_name(f".{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _is_current(certificate: Path, key: Path, names: Sequence[str], now: datetime) -> bool:
    if not (certificate.is_file() and key.is_file()):
        return False
    parsed = x509.load_pem_x509_certificate(certificate.read_bytes())
    carried = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    same_names = set(carried) == set(_alternative_names(names))
    return same_names and parsed.not_valid_after_utc - now > _SERVER_LIFE / 3


def make_authority(now: datetime) -> bytes:
    """Return a new authority, its key and its certificate in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "openinspector embedded authority")])
    certificate = (
        _builder(name, name, key.public_key(), now, _CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _private_pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


def _make_server_certificate(found: Certificates, ca_key_file: Path, names: Sequence[str], now: datetime) -> None:
    ca = x509.load_pem_x509_certificate(found.ca.read_bytes())
    ca_key = serialization.load_pem_private_key(ca_key_file.read_bytes(), password=None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{ca_key_file} does not hold an elliptic-curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    certificate = (
        _builder(subject, ca.subject, key.public_key(), now, _SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_alternative_names(names)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    write_private(found.key, _private_pem(key))
    pem = serialization.Encoding.PEM
    found.certificate.write_bytes(certificate.public_bytes(pem) + ca.public_bytes(pem))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + life)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative_names(names: Sequence[str]) -> list[x509.GeneralName]:
    return [_alternative_name(name) for name in names]


def _alternative_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
