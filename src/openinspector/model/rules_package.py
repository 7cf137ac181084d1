"""Rules packages and their identity: the vendor's regional ARNs (F5.77, table 5.9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from openinspector.model.arn import RulesPackageArn


class RulesPackageName(StrEnum):
    """The packages; the value is the folder below ``rules/``."""

    COMMON_VULNERABILITIES = "common_vulnerabilities"
    CIS_BENCHMARKS = "cis_benchmarks"
    NETWORK_REACHABILITY = "network_reachability"
    SECURITY_BEST_PRACTICES = "security_best_practices"


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesPackage:
    """Rules that serve one security goal (F5.2)."""

    arn: RulesPackageArn
    name: str
    version: str
    provider: str
    description: str
    folder: RulesPackageName


PROVIDER: Final = "openinspector"

_N = RulesPackageName

# region: (service account, CVE, CIS, Network Reachability, Security Best Practices); table 5.9
_REGIONS: Final[Mapping[str, tuple[str, str, str, str, str]]] = MappingProxyType(
    {
        "us-east-2": ("646659390643", "0-JnA8Zp85", "0-m8r61nnh", "0-cE4kTR30", "0-AxKmMHPX"),
        "us-east-1": ("316112463485", "0-gEjTy7T7", "0-rExsr2X8", "0-PmNV0Tcd", "0-R01qwB5Q"),
        "us-west-1": ("166987590008", "0-TKgzoVOa", "0-xUY8iRqX", "0-TxmXimXF", "0-byoQRFYm"),
        "us-west-2": ("758058086616", "0-9hgA516p", "0-H5hpSawc", "0-rD1z6dpl", "0-JJOtZiqQ"),
        "ap-south-1": ("162588757376", "0-LqnJE9dO", "0-PSUlX14m", "0-YxKfjFu1", "0-fs0IZZBj"),
        "ap-northeast-2": ("526946625049", "0-PoGHMznc", "0-T9srhg1z", "0-s3OmLzhL", "0-2WRpmi4n"),
        "ap-southeast-2": ("454640832652", "0-D5TGAxiR", "0-Vkd2Vxjq", "0-FLcuV4Gz", "0-asL6HRgN"),
        "ap-northeast-1": ("406045910587", "0-gHP9oWNT", "0-7WNjqgGu", "0-YI95DVd7", "0-bBUQnxMq"),
        "eu-central-1": ("537503971621", "0-wNqHa8M9", "0-nZrAVuv8", "0-6yunpJ91", "0-ZujVHEPB"),
        "eu-west-1": ("357557129151", "0-ubA5XvBh", "0-sJBhCr0F", "0-SPzU33xe", "0-SnojL3Z6"),
        "eu-west-2": ("146838936955", "0-kZGCqcE1", "0-IeCjwf1W", "0-AizSYyNq", "0-XApUiSaP"),
        "eu-north-1": ("453420244670", "0-IgdgIewd", "0-Yn8jlX7f", "0-52Sn74uu", "0-HfBQSbSf"),
        "us-gov-east-1": ("206278770380", "0-3IFKFuOb", "0-pTLCdIww", "", "0-vlgEGcVD"),
        "us-gov-west-1": ("850862329162", "0-4oQgcI4G", "0-Ac4CFOuc", "", "0-rOTGqe5G"),
    }
)

REGIONS: Final = tuple(_REGIONS)

_TEXTS: Final[Mapping[RulesPackageName, tuple[str, str, str]]] = MappingProxyType(
    {
        _N.COMMON_VULNERABILITIES: (
            "Common Vulnerabilities and Exposures",
            "1.1",
            (
                "The rules in this package help determine whether the hosts in your assessment targets are "
                "exposed to common vulnerabilities and exposures (CVEs)."
            ),
        ),
        _N.CIS_BENCHMARKS: (
            "CIS Operating System Security Configuration Benchmarks",
            "1.0",
            (
                "The rules in this package check hosts against the configuration benchmarks of the Center for "
                "Internet Security."
            ),
        ),
        _N.NETWORK_REACHABILITY: (
            "Network Reachability",
            "1.1",
            "The rules in this package analyse network configuration to find ports that can be reached from outside.",
        ),
        _N.SECURITY_BEST_PRACTICES: (
            "Security Best Practices",
            "1.1",
            "The rules in this package help determine whether your systems are configured securely.",
        ),
    }
)

_COLUMN: Final = (
    _N.COMMON_VULNERABILITIES,
    _N.CIS_BENCHMARKS,
    _N.NETWORK_REACHABILITY,
    _N.SECURITY_BEST_PRACTICES,
)


def rules_packages(partition: str, region: str) -> tuple[RulesPackage, ...]:
    """Return the packages of a region in the table's order; raises KeyError for an unknown region."""
    account, *ids = _REGIONS[region]
    return tuple(
        RulesPackage(
            arn=RulesPackageArn(f"arn:{partition}:inspector:{region}:{account}:rulespackage/{package_id}"),
            name=_TEXTS[folder][0],
            version=_TEXTS[folder][1],
            provider=PROVIDER,
            description=_TEXTS[folder][2],
            folder=folder,
        )
        for folder, package_id in zip(_COLUMN, ids, strict=True)
        if package_id
    )
