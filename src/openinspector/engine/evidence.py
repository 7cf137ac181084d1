"""Evidence: a tree from a conclusion down to the facts that support it."""

from dataclasses import dataclass

from openinspector.model.foreign_text import printable_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A statement, its source, and the evidence for it."""

    statement: str
    source: str = ""
    """File and line, package, advisory URL; empty if the statement follows from its children."""
    because: tuple["Evidence", ...] = ()


def render_evidence(evidence: Evidence, indent: str = "") -> str:
    """Return the tree as indented text: one statement a line, its source in brackets."""
    source = f" [{printable_line(evidence.source)}]" if evidence.source else ""
    line = f"{indent}{printable_line(evidence.statement)}{source}"
    return "\n".join([line, *(render_evidence(child, indent + "  ") for child in evidence.because)])
