"""Distributions as os-release names them, whatever an SBOM generator calls them.

Syft writes os-release's own ``ID-VERSION_ID`` into the ``distro`` qualifier; Trivy writes its own family names
(``alma``, ``amazon``, ``cbl-mariner``); both may write a code name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from openinspector.model import debian_release, ubuntu_release

_IDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "alma": "almalinux",
        "amazon": "amzn",
        "amazonlinux": "amzn",
        "azure": "azurelinux",
        "cbl-mariner": "mariner",
        "opensuse.leap": "opensuse-leap",
        "opensuse.tumbleweed": "opensuse-tumbleweed",
        "oracle": "ol",
        "oraclelinux": "ol",
        "redhat": "rhel",
        "red hat enterprise linux": "rhel",
        "rocky linux": "rocky",
        "rockylinux": "rocky",
        "suse linux enterprise server": "sles",
        "suse": "sles",
    }
)
_SPLIT: Final = re.compile(r"(.+?)[-:@ ]v?([0-9][0-9A-Za-z._]*)(?: .*)?")
_ALPINE: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*(?:_[a-z]+[0-9]*)?")
_NUMBER: Final = re.compile(r"v?([0-9]+(?:\.[0-9]+)*)")
_ROLLING: Final = ("arch", "arch-rolling", "opensuse-tumbleweed")
_AMAZON_AMI: Final = re.compile(r"(?:ami release )?(201[0-9]\.[0-9]{2})")


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution and its release: os-release ``ID`` and ``VERSION_ID``."""

    id: str
    version: str


def distribution_of(name: str, version: str) -> Distribution | None:
    """Return the distribution that an operating-system component names; None if the name is empty."""
    name = name.strip().lower()
    if not name:
        return None
    identity = _IDS.get(name, name)
    version = version.strip().lower()
    if identity == "alpine" and _ALPINE.fullmatch(version):
        return Distribution(identity, version)  # 3.21.0_alpha20240807 is edge
    found = (_AMAZON_AMI.search(version) if identity == "amzn" else None) or _NUMBER.match(version)
    return Distribution(identity, found[1] if found else _release(identity, version))


def parse_distribution(text: str) -> Distribution | None:
    """Return the distribution of a purl's ``distro`` qualifier: ``debian-12``, ``bookworm``; None if unknown."""
    text = text.strip().lower()
    if text in debian_release.RELEASES:
        return Distribution("debian", _release("debian", text))
    if text in ubuntu_release.RELEASES:
        return Distribution("ubuntu", _release("ubuntu", text))
    found = _SPLIT.fullmatch(text)
    if found:
        return distribution_of(found[1], found[2])
    name, _, codename = text.partition("-")
    if name in ("debian", "ubuntu") and _release(name, codename):
        return distribution_of(name, codename)
    return Distribution(text.removesuffix("-rolling"), "") if text in _ROLLING else None


def _release(identity: str, codename: str) -> str:
    """Return the number of a release that is named by its code name, as ``/etc/debian_version`` has ``trixie/sid``.

    The code name itself of a release without a number; empty for an unknown name.
    """
    codename = codename.partition("/")[0]
    if identity == "debian" and codename in debian_release.RELEASES:
        return debian_release.RELEASES[codename].version_id or codename
    return ubuntu_release.RELEASES.get(codename, "") if identity == "ubuntu" else ""
