"""Texts of an issue in the words of its rule: the rule's templates with the instance's id filled in."""

from openinspector.engine.finding_texts.texts import Texts
from openinspector.model.evidence import Evidence
from openinspector.model.finding import INSTANCE, StatedIssue


def texts(body: StatedIssue, instance: str) -> Texts:
    """Return the texts on an instance."""
    return Texts(
        title=body.title.replace(INSTANCE, instance),
        description=body.description.replace(INSTANCE, instance),
        recommendation=body.recommendation.replace(INSTANCE, instance),
        evidence=_filled(body.evidence, instance) if body.evidence is not None else None,
    )


def _filled(evidence: Evidence, instance: str) -> Evidence:
    return Evidence(
        statement=evidence.statement.replace(INSTANCE, instance),
        source=evidence.source,
        because=tuple(_filled(child, instance) for child in evidence.because),
    )
