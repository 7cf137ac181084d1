"""setup.exe of the agent for Windows: NSIS packs the agent's folder; packaging/windows/setup.nsi says what it does."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from scripts.packages.release import AgentBuild
from scripts.packages.runtimes import run
from scripts.packages.tree import BuildError
from scripts.windows.runtime import ROOT, assemble

PACKAGING: Final = ROOT / "packaging" / "windows"
SETTINGS: Final = ROOT / "packaging" / "agent.cfg"
GCC: Final = "x86_64-w64-mingw32-gcc"
TOOLS: Final[Mapping[str, str]] = MappingProxyType(
    {"makensis": "nsis", "osslsigncode": "osslsigncode", GCC: "gcc-mingw-w64-x86-64", "mvn": "maven"}
)
"""Programs that a setup program is built with, with Debian's packages of them."""
CERTIFICATE: Final = "OPENINSPECTOR_WINDOWS_CERTIFICATE"
KEY: Final = "OPENINSPECTOR_WINDOWS_KEY"
"""Environment variables: PEM files of a certificate for code signing, and of its key."""
_TEST_SUBJECT: Final = "openinspector test build, do not trust"
_TEST_DAYS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path

    @property
    def thumbprint(self) -> str:
        """The certificate's SHA-1, as Windows shows it: pairs of upper-case digits (F1.33)."""
        loaded = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        return loaded.fingerprint(hashes.SHA1()).hex(" ").upper()  # noqa: S303 - what Windows shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A signed setup program."""

    name: str
    content: bytes
    thumbprint: str


def missing_tools() -> list[str]:
    """Return Debian's packages of the programs that are absent."""
    return [package for program, package in TOOLS.items() if shutil.which(program) is None]


def release_setup(release: AgentBuild) -> Setup:
    """Build, sign and verify the setup program of a release; BuildError.

    Without a certificate of yours it is signed with one that is made for it, and its name says so.
    """
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        certificate, key = os.environ.get(CERTIFICATE), os.environ.get(KEY)
        if bool(certificate) != bool(key):
            raise BuildError(f"{CERTIFICATE} and {KEY} are set together or not at all")
        given = bool(certificate and key)
        signer = Signer(certificate=Path(certificate or ""), key=Path(key or "")) if given else throwaway_signer(folder)
        assemble(folder / "Agent", ROOT / "build" / "windows")
        setup = build_setup(folder / "Agent", folder / "setup.exe", release.version)
        sign_setup(setup, signer)
        verify_setup(setup, signer.certificate)
        suffix = "" if given else "-test-signed"
        name = f"openinspector-agent-{release.version}-windows-x86_64-setup{suffix}.exe"
        return Setup(name=name, content=setup.read_bytes(), thumbprint=signer.thumbprint)


def build_setup(agent: Path, target: Path, version: str, *, compress: bool = True) -> Path:
    """Write setup.exe for the agent's folder ``agent`` to ``target``; BuildError without the tools."""
    missing = [name for name in ("makensis", GCC) if shutil.which(name) is None]
    if missing:
        raise BuildError(f"install Debian's packages {', '.join(TOOLS[name] for name in missing)}")
    status = target.with_suffix(".status.exe")
    run([GCC, "-Os", "-s", "-o", str(status), str(PACKAGING / "status.c")], ROOT)
    defines = {
        "SOURCE": agent.resolve(),
        "SETTINGS": SETTINGS,
        "STATUS": status.resolve(),
        "TARGET": target.resolve(),
        "VERSION": version,
        **({} if compress else {"FAST": "1"}),
    }
    run(
        ["makensis", "-V2", *(f"-D{name}={value}" for name, value in defines.items()), str(PACKAGING / "setup.nsi")],
        ROOT,
    )
    return target


def throwaway_signer(folder: Path) -> Signer:
    """Make a certificate for code signing that nobody should trust, valid for 30 days, and its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _TEST_SUBJECT)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=subject, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_TEST_DAYS))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        .sign(key, hashes.SHA256())
    )
    signer = Signer(certificate=folder / "test.pem", key=folder / "test.key")
    signer.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    signer.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return signer


def sign_setup(setup: Path, signer: Signer) -> None:
    """Sign a setup program in place with Authenticode (osslsigncode); BuildError."""
    signed = setup.with_suffix(".signed.exe")
    options = ["-certs", str(signer.certificate), "-key", str(signer.key), "-n", "openinspector Agent", "-h", "sha256"]
    run(["osslsigncode", "sign", *options, "-in", str(setup), "-out", str(signed)], ROOT)
    signed.replace(setup)


def verify_setup(setup: Path, authority: Path) -> None:
    """Raise BuildError unless the signature is of a certificate of ``authority`` and of exactly these bytes."""
    run(["osslsigncode", "verify", "-CAfile", str(authority), "-in", str(setup)], ROOT)
