"""Evidence as text. The tree is `openinspector.model.evidence.Evidence`."""

from openinspector.model.evidence import Evidence
from openinspector.model.foreign_text import printable_line

__all__ = ["render_evidence"]


def render_evidence(evidence: Evidence) -> str:
    """Return the tree as indented text: one statement a line, its source in brackets."""
    lines: list[str] = []
    _add(lines, evidence, "")
    return "\n".join(lines)


def _add(lines: list[str], evidence: Evidence, indent: str) -> None:
    source = f" [{printable_line(evidence.source)}]" if evidence.source else ""
    lines.append(f"{indent}{printable_line(evidence.statement)}{source}")
    for child in evidence.because:
        _add(lines, child, indent + "  ")
