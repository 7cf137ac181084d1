"""Evidence: the tree of why, from a conclusion down to the facts it rests on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A statement, where it was read, and what it rests on."""

    statement: str
    source: str = ""
    """File and line, package, advisory URL; empty where the statement follows from its children."""
    because: tuple["Evidence", ...] = ()


def render_evidence(evidence: Evidence, indent: str = "") -> str:
    """Return the tree as indented text, one statement a line, with its source in brackets."""
    line = f"{indent}{evidence.statement}" + (f" [{evidence.source}]" if evidence.source else "")
    return "\n".join([line, *(render_evidence(child, indent + "  ") for child in evidence.because)])
