"""Base scores of CVSS vectors, for publishers that give the vector without the number.

The arithmetic is the library ``cvss`` (Red Hat), which the specifications' own examples are tests of
(https://www.first.org/cvss/v4-0/specification-document, …/v3.1/…, …/v2/guide). It is imported with the first vector:
importing it takes longer than starting the command line.
"""

from functools import lru_cache
from typing import Final

from openinspector.model.advisory import Score

_LONGEST: Final = 512
"""Maximum length of a vector; all metrics of v4 take less than half."""


def score_of(vector: str, origin: str) -> Score | None:
    """Return the score of a vector of v2, v3 or v4; None for anything else."""
    found = _computed(vector.strip()) if len(vector) <= _LONGEST else None
    return Score(version=found[0], base=found[1], vector=vector.strip(), origin=origin) if found else None


@lru_cache(maxsize=1 << 14)
def _computed(vector: str) -> tuple[str, float] | None:
    """Return version and base score. Cached: most of a feed repeats a few hundred vectors."""
    from cvss import CVSS2, CVSS3, CVSS4  # noqa: PLC0415 - 60 ms, and most feeds give numbers
    from cvss.exceptions import CVSSError  # noqa: PLC0415 - as above

    try:
        if vector.startswith("CVSS:4.0/"):
            return "4.0", float(CVSS4(vector).base_score)
        if vector.startswith(("CVSS:3.0/", "CVSS:3.1/")):
            return vector[5:8], float(CVSS3(vector).base_score)
        if vector.startswith("AV:"):
            return "2.0", float(CVSS2(vector).base_score)
    except CVSSError:
        return None
    return None
