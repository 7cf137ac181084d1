"""A detection with its rendered texts, for tests of rules."""

from dataclasses import dataclass

from openinspector.engine.finding_text import body_attributes, texts_of
from openinspector.engine.rule import Detection
from openinspector.model.evidence import Evidence
from openinspector.model.finding import Attribute, Severity
from openinspector.testing.match_builders import AGENT


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDetection:
    """The texts, attributes and severity of a detection on one instance."""

    subject: str
    rule_id: str
    severity: Severity
    title: str
    description: str
    recommendation: str
    evidence: Evidence
    attributes: tuple[Attribute, ...]


def read(detection: Detection, instance: str = AGENT) -> ReadDetection:
    """Return a detection with its texts, rendered for an instance."""
    texts = texts_of(detection.body, instance)
    assert texts.evidence is not None
    return ReadDetection(
        subject=detection.subject,
        rule_id=detection.body.rule_id,
        severity=detection.body.severity,
        title=texts.title,
        description=texts.description,
        recommendation=texts.recommendation,
        evidence=texts.evidence,
        attributes=body_attributes(detection.body),
    )
