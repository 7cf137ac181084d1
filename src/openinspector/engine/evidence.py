"""Evidence as text. The tree is `openinspector.model.evidence.Evidence`."""

from openinspector.model.evidence import Evidence
from openinspector.model.foreign_text import printable_line

__all__ = ["render_evidence"]


def render_evidence(evidence: Evidence, indent: str = "") -> str:
    """Return the tree as indented text: one statement a line, its source in brackets."""
    source = f" [{printable_line(evidence.source)}]" if evidence.source else ""
    line = f"{indent}{printable_line(evidence.statement)}{source}"
    return "\n".join([line, *(render_evidence(child, indent + "  ") for child in evidence.because)])
