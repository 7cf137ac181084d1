"""The part of an advisory's text that is about one vulnerability.

An advisory of a package update lists what changed, one item a line or bullet, often for dozens of CVEs. A finding is
about one of them: it quotes the items that name it.
"""

import re
from functools import lru_cache
from typing import Final

MAX_QUOTATION: Final = 2000
"""Maximum length of a quotation, in characters."""
_ITEM: Final = re.compile(r"^(?:[*+-] |\[|$)")
"""Begins an item of a changelog: a bullet, the name of the author, or an empty line."""
_CVE: Final = re.compile(r"\bCVE-\d{4}-\d{4,}\b")


def quotation(text: str, identity: str) -> str:
    """Return the items of ``text`` that name ``identity``.

    A text that names no CVE, or none but ``identity``, is quoted whole; one that names only others is not quoted.
    """
    named, items = _parsed(text)
    if named <= {identity}:
        return _cut(text)
    return _cut("\n".join(item for item in items if _names(item, identity)))


@lru_cache(maxsize=512)
def _parsed(text: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the CVEs that a text names, and its items, each with the lines that continue it.

    An advisory about dozens of CVEs is quoted for each of them.
    """
    items: list[list[str]] = []
    for line in text.splitlines():
        if not items or _ITEM.match(line.strip()):
            items.append([line.strip()])
        else:
            items[-1].append(line.strip())
    return frozenset(_CVE.findall(text)), tuple(" ".join(lines) for lines in items)


def _names(item: str, identity: str) -> bool:
    """Return True if an item holds an id that is not part of a longer one."""
    at = item.find(identity)
    while at >= 0:
        end = at + len(identity)
        if not any(_in_word(one) for one in (item[at - 1 : at], item[end : end + 1])):
            return True
        at = item.find(identity, at + 1)
    return False


def _in_word(character: str) -> bool:
    return character.isalnum() or (character != "" and character in "_-")


def _cut(text: str) -> str:
    return text if len(text) <= MAX_QUOTATION else text[: MAX_QUOTATION - 1] + "…"
