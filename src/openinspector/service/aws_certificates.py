"""The certificates that AWS publishes for instance identity documents: one per region, in the operator's folder.

They are pinned, and none is shipped: the operator downloads them from
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/regions-certs.html (those for RSA-2048).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import Certificate, load_pem_x509_certificates

from openinspector.model.errors import StoreError

_MAX_BYTES: Final = 64 * 1024
_MIN_KEY_BITS: Final = 2048
_ADVICE: Final = "Put one PEM certificate for RSA-2048 into <region>.pem, as AWS publishes them."


def load_region_certificates(folder: Path) -> Mapping[str, Certificate]:
    """Return the certificates of the files ``<region>.pem``; StoreError for a file that is not one certificate."""
    try:
        files = sorted(folder.glob("*.pem"))
        found = {path.stem: _certificate(path) for path in files if path.is_file()}
    except OSError as error:
        raise StoreError(f"{error.filename} cannot be read: {error.strerror}", advice=_ADVICE) from error
    if not found:
        raise StoreError(f"there is no <region>.pem in {folder}", advice=_ADVICE)
    return found


def _certificate(path: Path) -> Certificate:
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES)
    try:
        (certificate,) = load_pem_x509_certificates(content)
        key = certificate.public_key()
    except ValueError as error:
        raise StoreError(f"{path} is not one certificate in PEM", advice=_ADVICE) from error
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _MIN_KEY_BITS:
        raise StoreError(f"the certificate in {path} has no RSA key of at least {_MIN_KEY_BITS} bits", advice=_ADVICE)
    return certificate
