"""Evidence: a tree from a conclusion down to the facts that support it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A statement, its source, and the evidence for it."""

    statement: str
    source: str = ""
    """File and line, package, advisory URL; empty if the statement follows from its children."""
    because: tuple["Evidence", ...] = ()
