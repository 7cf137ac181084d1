"""Findings: severity, attributes, and an identity that is stable (F6.1 to F6.17)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from openinspector.model.arn import FindingArn, RulesPackageArn, RunArn, finding_arn
from openinspector.model.asset import AssetAttributes


class Severity(StrEnum):
    """Severity of a finding; the value is the wire's (F6.13)."""

    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"
    INFORMATIONAL = "Informational"
    UNDEFINED = "Undefined"


NUMERIC_SEVERITY: Final[Mapping[Severity, float]] = MappingProxyType(
    {
        Severity.HIGH: 9.0,
        Severity.MEDIUM: 6.0,
        Severity.LOW: 3.0,
        Severity.INFORMATIONAL: 0.0,
        Severity.UNDEFINED: 0.0,
    }
)
"""A fixed number per label, not a score (F6.14, decisions)."""

CONFIDENCE: Final = 10
"""Confidence of every finding, as with the vendor (F6.10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A key (1 to 128 characters) and an optional value (1 to 256), F6.6."""

    key: str
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A potential security issue found in a run on one host."""

    arn: FindingArn
    run_arn: RunArn
    rules_package_arn: RulesPackageArn
    rule_id: str
    """Generic name of the issue: the rule's title or the CVE id (F6.11)."""
    title: str
    description: str
    recommendation: str
    severity: Severity
    asset: AssetAttributes
    attributes: tuple[Attribute, ...]
    user_attributes: tuple[Attribute, ...] = ()
    evidence: str = ""
    """The rendered evidence tree, for the command line and reports. The vendor has no such field."""
    created_at: datetime
    updated_at: datetime


_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SHORT_ID: Final = 8
LONG_ID: Final = 14
_SHORT_ENOUGH_HOSTS: Final = 25


def id_width(hosts: int) -> int:
    """Return the length of finding ids in a run over ``hosts`` hosts.

    8 characters hold 47 bits: with 25 hosts of 2,000 findings the probability of a collision is 6e-6. Larger runs use
    14 characters (83 bits), so that no finding is lost to a collision (decisions).
    """
    return SHORT_ID if hosts <= _SHORT_ENOUGH_HOSTS else LONG_ID


def derived_id(*parts: str, width: int = SHORT_ID) -> str:
    """Return ``0-`` and ``width`` characters of [0-9A-Za-z] derived from ``parts`` by SHA-256."""
    digest = hashlib.sha256(b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in parts))
    number = int.from_bytes(digest.digest(), "big")
    characters = []
    for _ in range(width):
        number, index = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[index])
    return "0-" + "".join(characters)


def derived_finding_arn(run: RunArn, rule: str, agent: str, subject: str, width: int) -> FindingArn:
    """Return the ARN of a finding, derived from (run, rule, agent, subject) (decisions)."""
    return finding_arn(run, derived_id(run, rule, agent, subject, width=width))
