"""RunSummary: the issues of a completed run, counted once and kept.

An issue is what a rule says about a subject, such as a CVE or a control; hosts with it are counted, not listed. The
summary is stored as JSON: a new field needs a default.
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from openinspector.model.arn import RulesPackageArn, RunArn, TemplateArn
from openinspector.model.finding import Severity


class CountedIssue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One issue of a run."""

    rules_package_arn: RulesPackageArn
    rule_id: str
    subject: str
    """Packages, a control, or the issue in words. It names no host."""
    severity: Severity
    """The highest on any host."""
    exploited: bool = False
    score: float = 0.0
    """CVSS v3 base score; 0 if there is none."""
    epss: float = 0.0
    fixed: str = ""
    """First fixed version that is published."""
    hosts: int
    first_seen_at: datetime
    """End of the earliest run of the template since which every completed run had the issue."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Identity of the issue in all runs of a template."""
        return self.rules_package_arn, self.rule_id, self.subject


class HostCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The number of findings on one host, by severity; severities without any are omitted."""

    agent_id: str
    counts: dict[Severity, int]


class RunContent(msgspec.Struct, frozen=True, kw_only=True):
    """Issues and hosts with findings, in JSON."""

    issues: tuple[CountedIssue, ...]
    """In the order of `openinspector.engine.run_summary.what_matters_first`."""
    hosts: tuple[HostCounts, ...]
    """Hosts with findings, by id."""
    gone: int
    """Issues of the template's previous run that this run did not find."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """The summary of one completed run."""

    run_arn: RunArn
    template_arn: TemplateArn
    completed_at: datetime
    content: RunContent
