"""Distributions as os-release names them, whatever an SBOM generator calls them.

Syft writes os-release's own ``ID-VERSION_ID`` into the ``distro`` qualifier; Trivy writes its own family names
(``alma``, ``amazon``, ``cbl-mariner``); both may write a code name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from openinspector.model.debian_release import RELEASES

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
_UBUNTU: Final[Mapping[str, str]] = MappingProxyType(
    {
        "trusty": "14.04",
        "xenial": "16.04",
        "bionic": "18.04",
        "focal": "20.04",
        "jammy": "22.04",
        "noble": "24.04",
        "plucky": "25.04",
        "questing": "25.10",
    }
)
_SPLIT: Final = re.compile(r"(.+?)[-:@ ]v?([0-9][0-9A-Za-z.]*)")
_NUMBER: Final = re.compile(r"v?([0-9]+(?:\.[0-9]+)*)")
_AMAZON_AMI: Final = re.compile(r"(?:AMI release )?(201[0-9]\.[0-9]{2})")


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
    found = (_AMAZON_AMI.match(version) if identity == "amzn" else None) or _NUMBER.match(version.strip())
    return Distribution(identity, found[1] if found else _release(identity, version.strip().lower()))


def parse_distribution(text: str) -> Distribution | None:
    """Return the distribution of a purl's ``distro`` qualifier: ``debian-12``, ``bookworm``; None if unknown."""
    text = text.strip().lower()
    if text in RELEASES:
        return Distribution("debian", RELEASES[text].version_id)
    if text in _UBUNTU:
        return Distribution("ubuntu", _UBUNTU[text])
    found = _SPLIT.fullmatch(text)
    if found:
        return distribution_of(found[1], found[2])
    name, _, codename = text.partition("-")
    if name in ("debian", "ubuntu") and _release(name, codename):
        return distribution_of(name, codename)
    return Distribution(text, "") if text in ("arch", "opensuse-tumbleweed") else None


def _release(identity: str, codename: str) -> str:
    """Return the number of a release that is named by its code name; empty if unknown."""
    if identity == "debian" and codename in RELEASES:
        return RELEASES[codename].version_id
    return _UBUNTU.get(codename, "") if identity == "ubuntu" else ""
