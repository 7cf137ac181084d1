"""Renders the texts of a finding from its body, where they are read: API, reports, command line (ADR 66).

Rendering is total: every body that decodes has texts within the API's bounds (F6.2, F6.6).
"""

from dataclasses import dataclass
from typing import assert_never

from openinspector.engine.bounds import MAX_EVIDENCE, MAX_TEXT, fit, fit_attributes, fit_line
from openinspector.engine.evidence import render_evidence
from openinspector.engine.finding_texts import (
    failed_control,
    no_issues,
    outdated_by_product,
    stated_issue,
    vulnerable_packages,
    vulnerable_windows,
)
from openinspector.engine.finding_texts.texts import Texts
from openinspector.model.finding import (
    AnyBody,
    Attribute,
    FailedControl,
    Finding,
    NoIssues,
    OutdatedByProduct,
    StatedIssue,
    VulnerablePackages,
    VulnerableWindows,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingText:
    """The texts of a finding, printable and within the API's bounds."""

    title: str
    description: str
    recommendation: str
    attributes: tuple[Attribute, ...]
    evidence: str
    """The evidence tree, one statement a line; may be empty. The vendor has no such field."""


def finding_text(finding: Finding) -> FindingText:
    """Return the texts of a finding on its host."""
    texts = texts_of(finding.body, finding.asset.agent_id)
    return FindingText(
        title=fit_line(texts.title, MAX_TEXT),
        description=fit(texts.description, MAX_TEXT),
        recommendation=fit(texts.recommendation, MAX_TEXT),
        attributes=finding_attributes(finding),
        evidence=fit(render_evidence(texts.evidence), MAX_EVIDENCE) if texts.evidence is not None else "",
    )


def finding_attributes(finding: Finding) -> tuple[Attribute, ...]:
    """Return the attributes of a finding: those of its host, then those of its body."""
    return fit_attributes((*finding.attributes, *body_attributes(finding.body)))


def body_attributes(body: AnyBody) -> tuple[Attribute, ...]:
    """Return the attributes of a body, which all its hosts share."""
    match body:
        case VulnerablePackages():
            return vulnerable_packages.attributes(body)
        case VulnerableWindows():
            return vulnerable_windows.attributes(body)
        case OutdatedByProduct():
            return outdated_by_product.attributes(body)
        case FailedControl():
            return failed_control.attributes(body)
        case StatedIssue(attributes=found):
            return found
        case NoIssues():
            return ()
        case _:
            assert_never(body)


def texts_of(body: AnyBody, instance: str) -> Texts:
    """Return the texts of a body on an instance, of any length."""
    match body:
        case VulnerablePackages():
            return vulnerable_packages.texts(body, instance)
        case VulnerableWindows():
            return vulnerable_windows.texts(body, instance)
        case OutdatedByProduct():
            return outdated_by_product.texts(body, instance)
        case FailedControl():
            return failed_control.texts(body, instance)
        case StatedIssue():
            return stated_issue.texts(body, instance)
        case NoIssues():
            return no_issues.texts(body)
        case _:
            assert_never(body)
