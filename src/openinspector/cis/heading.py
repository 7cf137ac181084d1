"""The heading of a control that several checks make up, from their titles."""

import re
from collections.abc import Iterable
from typing import Final

_SENTENCE: Final = re.compile(
    r"(?P<opening>(?:Changes|Calls|Runs) of |The kernel module |pwquality's |sshd's )?(?P<subject>.+?) "
    r"(?P<verb>is|are|does|do|has|have|exists?)(?P<rest>| .*)"
)
_PLURAL: Final = {"is": "are", "does": "do", "has": "have", "exists": "exist"}
_KEYWORD: Final = re.compile(r"(?=\S*(?:\S[A-Z]|[^A-Za-z',\s]))|Storage ")
"""Matches text that begins with a name written as it is: ``PASS_MAX_DAYS``, ``PAM``, ``ProcessSizeMax``."""


def heading(titles: Iterable[str]) -> str:
    """Return the titles as one line. ``a is 0`` and ``b is 0`` make ``a and b are 0``."""
    clauses: dict[tuple[str, ...], list[re.Match[str] | str]] = {}
    for title in dict.fromkeys(titles):
        match = _SENTENCE.fullmatch(title)
        is_shared = match is not None and " or " not in match["subject"]
        predicate = (match["opening"] or "", _plural(match), match["rest"]) if match and is_shared else (title,)
        clauses.setdefault(predicate, []).append(match or title)
    first, *others = map(_clause, clauses.values())
    return "; ".join((first, *map(_continued, others)))


def _clause(found: list[re.Match[str] | str]) -> str:
    matches = [match for match in found if isinstance(match, re.Match)]
    if len(matches) < 2:  # noqa: PLR2004 - one title stands as it is
        return str(matches[0][0]) if matches else str(found[0])
    *most, last = (subject for match in matches for subject in match["subject"].split(", "))
    opening = matches[0]["opening"] or ""
    return f"{opening}{', '.join(most)} and {last} {_plural(matches[0])}{matches[0]['rest']}"


def _plural(match: re.Match[str]) -> str:
    return _PLURAL.get(match["verb"], match["verb"])


def _continued(clause: str) -> str:
    return clause if _KEYWORD.match(clause) else clause[:1].lower() + clause[1:]
