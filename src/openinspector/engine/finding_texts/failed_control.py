"""Texts of a control of a benchmark that a host does not meet (F5.18 to F5.23)."""

from typing import Final

from openinspector.engine.finding_texts.texts import Texts
from openinspector.model.finding import Attribute, FailedControl

_NOTE: Final = "This is not an assessment by CIS, and this project is not affiliated with CIS."


def texts(body: FailedControl, instance: str) -> Texts:
    """Return the texts on an instance."""
    newer = f"CIS has published version {body.newer} since. " if body.newer else ""
    return Texts(
        title=f"Instance {instance} is not compliant with rule {body.number} {body.title}, {body.benchmark}.",
        description=f"Control {body.number} of {body.product}, version {body.version}, asks for: {body.title}. "
        f"{newer}{_NOTE}",
        recommendation=body.remedy,
        evidence=body.evidence,
    )


def attributes(body: FailedControl) -> tuple[Attribute, ...]:
    """Return benchmark, rule and profile."""
    return (
        Attribute(key="BENCHMARK_ID", value=f"{body.product} Benchmark v{body.version}"),
        Attribute(key="BENCHMARK_RULE_ID", value=f"{body.number} {body.title}"),
        Attribute(key="CIS_BENCHMARK_PROFILE", value=body.profile),
    )
