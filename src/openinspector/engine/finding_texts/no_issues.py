"""Texts of the finding that a rules package has no finding (F5.6)."""

from openinspector.engine.finding_texts.texts import Texts, plural
from openinspector.model.finding import NoIssues


def texts(body: NoIssues) -> Texts:
    """Return the texts; the finding is about no instance."""
    hosts = plural(body.hosts, "host", "hosts")
    return Texts(
        title=body.rule_id,
        description=f"No potential security issues were found on the {hosts} that could be assessed in this run.",
        recommendation="No remediation needed.",
        evidence=None,
    )
