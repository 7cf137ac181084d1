"""Foreign text in a form that is safe for logs and terminals."""


def printable_line(text: str, limit: int | None = None) -> str:
    """Return ``text``, or its first ``limit`` characters, with a space for each that is not printable (an escape)."""
    return "".join(c if c.isprintable() else " " for c in text[:limit])
