"""The part of an advisory's text that is about one vulnerability.

An advisory of a package update lists what changed, one item a line or bullet, often for dozens of CVEs. A finding is
about one of them: it quotes the items that name it.
"""

import re
from typing import Final

MAX_QUOTATION: Final = 2000
"""Longest quotation, in characters."""
_ITEM: Final = re.compile(r"^(?:[*+-] |\[|$)")
"""Begins an item of a changelog: a bullet, the name of who made the change, or an empty line."""
_CVE: Final = re.compile(r"\bCVE-\d{4}-\d{4,}\b")


def quotation(text: str, identity: str) -> str:
    """Return the items of ``text`` that name ``identity``.

    A text that names no CVE, or none but ``identity``, is quoted whole; one that names only others is not quoted.
    """
    others = set(_CVE.findall(text)) - {identity}
    if not others:
        return _cut(text)
    named = re.compile(rf"(?<![\w-]){re.escape(identity)}(?![\w-])")
    quoted = [item for item in _items(text) if named.search(item)]
    return _cut("\n".join(quoted))


def _items(text: str) -> list[str]:
    """Return the items of a text, each with the lines that continue it."""
    items: list[list[str]] = []
    for line in text.splitlines():
        if not items or _ITEM.match(line.strip()):
            items.append([line.strip()])
        else:
            items[-1].append(line.strip())
    return [" ".join(lines) for lines in items]


def _cut(text: str) -> str:
    return text if len(text) <= MAX_QUOTATION else text[: MAX_QUOTATION - 1] + "…"
