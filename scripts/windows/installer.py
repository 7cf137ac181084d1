"""setup.exe of the agent for Windows: NSIS packs the agent's folder; packaging/windows/setup.nsi says what it does."""

import shutil
from pathlib import Path
from typing import Final

from scripts.packages.runtimes import run
from scripts.packages.tree import BuildError
from scripts.windows.runtime import ROOT

SCRIPT: Final = ROOT / "packaging" / "windows" / "setup.nsi"
SETTINGS: Final = ROOT / "packaging" / "agent.cfg"


def build_setup(agent: Path, target: Path, version: str) -> Path:
    """Write setup.exe for the agent's folder ``agent`` to ``target``; BuildError without makensis."""
    if shutil.which("makensis") is None:
        raise BuildError("makensis is missing: install Debian's package nsis")
    defines = {"SOURCE": agent.resolve(), "SETTINGS": SETTINGS, "TARGET": target.resolve(), "VERSION": version}
    run(["makensis", "-V2", *(f"-D{name}={value}" for name, value in defines.items()), str(SCRIPT)], ROOT)
    return target


def sign_setup(setup: Path, certificate: Path, key: Path) -> None:
    """Sign a setup program in place with Authenticode (osslsigncode); BuildError."""
    signed = setup.with_suffix(".signed.exe")
    options = ["-certs", str(certificate), "-key", str(key), "-n", "openinspector Agent", "-h", "sha256"]
    run(["osslsigncode", "sign", *options, "-in", str(setup), "-out", str(signed)], ROOT)
    signed.replace(setup)


def verify_setup(setup: Path, authority: Path) -> None:
    """Raise BuildError unless the signature is of a certificate of ``authority`` and of exactly these bytes."""
    run(["osslsigncode", "verify", "-CAfile", str(authority), "-in", str(setup)], ROOT)
