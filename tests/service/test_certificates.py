"""The embedded authority: made once, kept; the server certificate follows its names and its life."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from openinspector.service.certificates import ensure_certificates

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMES = ("localhost", "127.0.0.1")


def server(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    made = ensure_certificates(tmp_path / "tls", NAMES, NOW)
    before = {file.name: file.read_bytes() for file in (tmp_path / "tls").iterdir()}
    assert ensure_certificates(tmp_path / "tls", NAMES, NOW + timedelta(days=1)) == made
    assert {file.name: file.read_bytes() for file in (tmp_path / "tls").iterdir()} == before


def test_keys_are_private(tmp_path: Path) -> None:
    ensure_certificates(tmp_path / "tls", NAMES, NOW)
    for name in ("ca.key", "server.key"):
        assert stat.S_IMODE((tmp_path / "tls" / name).stat().st_mode) == 0o600


def test_new_names_make_a_new_certificate_of_the_same_authority(tmp_path: Path) -> None:
    made = ensure_certificates(tmp_path / "tls", NAMES, NOW)
    authority, first = made.ca.read_bytes(), server(made.certificate)
    ensure_certificates(tmp_path / "tls", ("inspector.example", "2001:db8::1"), NOW)
    assert made.ca.read_bytes() == authority
    names = server(made.certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["inspector.example"]
    assert server(made.certificate).serial_number != first.serial_number


def test_the_certificate_is_renewed_in_the_last_third_of_its_life(tmp_path: Path) -> None:
    made = ensure_certificates(tmp_path / "tls", NAMES, NOW)
    first = server(made.certificate).serial_number
    ensure_certificates(tmp_path / "tls", NAMES, NOW + timedelta(days=200))
    assert server(made.certificate).serial_number == first
    ensure_certificates(tmp_path / "tls", NAMES, NOW + timedelta(days=300))
    assert server(made.certificate).serial_number != first


def test_openssl_accepts_the_chain(tmp_path: Path) -> None:
    made = ensure_certificates(tmp_path / "tls", NAMES, NOW)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    ssl.create_default_context(cafile=str(made.ca))
