"""Answers of the simulated API: one of each noun."""

from collections.abc import Mapping
from typing import Any, Final

from openinspector.testing.simulated_inspector import SimulatedInspector

BASE: Final = "arn:aws:inspector:us-east-1:123456789012"
TARGET: Final = f"{BASE}:target/0-AAAAAAAA"
TEMPLATE: Final = f"{TARGET}/template/0-BBBBBBBB"
RUN: Final = f"{TEMPLATE}/run/0-CCCCCCCC"
FINDING: Final = f"{RUN}/finding/0-DDDDDDDD"
PACKAGE: Final = f"{BASE}:rulespackage/0-gEjTy7T7"
EXCLUSION: Final = f"{RUN}/exclusion/0-EEEEEEEE"
CREATED: Final = 1_790_000_000.0

HOSTILE: Final = "[/x] [red]\x1b]0;owned\x07"
"""Markup and terminal control, as a host might call itself."""


def run(state: str = "COMPLETED", **findings: int) -> Mapping[str, Any]:
    return {
        "arn": RUN,
        "name": "Run - weekly",
        "assessmentTemplateArn": TEMPLATE,
        "state": state,
        "durationInSeconds": 180,
        "rulesPackageArns": [PACKAGE],
        "userAttributesForFindings": [],
        "createdAt": CREATED,
        "stateChangedAt": CREATED,
        "dataCollected": True,
        "stateChanges": [],
        "notifications": [],
        "findingCounts": {"High": 0, "Medium": 0, "Low": 0, **findings},
    }


def described_runs(*runs: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"assessmentRuns": list(runs), "failedItems": {}}


def finding(last: str, severity: str, rule: str, **attributes: str) -> dict[str, Any]:
    if rule.startswith("CVE-"):
        attributes["CVE_ID"] = rule
    return {
        "arn": f"{RUN}/finding/{last}",
        "id": rule,
        "title": f"On instance host-1, {rule} was found in a package with quite a long name that needs an upgrade",
        "description": "The description.",
        "recommendation": "Upgrade it.",
        "severity": severity,
        "attributes": [{"key": key, "value": value} for key, value in attributes.items()],
        "userAttributes": [],
        "createdAt": CREATED,
        "updatedAt": CREATED,
    }


def prepare_packages(inspector: SimulatedInspector) -> None:
    names = {PACKAGE: "Common Vulnerabilities and Exposures", f"{PACKAGE}x": "Security Best Practices"}
    packages = [
        {"arn": arn, "name": name, "version": "1.1", "provider": "Amazon Web Services, Inc."}
        for arn, name in names.items()
    ]
    inspector.prepare("ListRulesPackages", {"rulesPackageArns": list(names)})
    inspector.prepare("DescribeRulesPackages", {"rulesPackages": packages, "failedItems": {}})


def widest(text: str) -> int:
    return max(map(len, text.splitlines()), default=0)
