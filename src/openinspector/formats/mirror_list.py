"""The mirrors of an rpm repository: a list of base URLs (``mirrorlist``), or a Metalink of its index (``metalink``).

dnf.conf(5). A list has one base URL a line, and comments. A Metalink (version 3, metalinker.org) names the index itself
on each mirror, best first by ``preference``, and its SHA-256; older versions of the index that some mirrors still have
are below ``alternates``.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from openinspector.formats.xml_elements import Element, XmlError, elements

_INDEX: Final = "repodata/repomd.xml"
_MOST: Final = 50
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrors:
    """Where the index of a repository is."""

    urls: tuple[str, ...] = ()
    """Addresses of ``repomd.xml``, best first, https before http."""
    sha256: str = ""
    """SHA-256 of the index; empty if the list does not state it."""


def read_mirrors(content: bytes) -> Mirrors:
    """Return the mirrors that a document names; none if it has neither format."""
    if content.lstrip()[:1] == b"<":
        return _metalink(content)
    lines = (line.strip() for line in content.decode("utf-8", "replace").splitlines())
    bases = [line for line in lines if line.startswith(("https://", "http://"))]
    return Mirrors(urls=_best(f"{base.rstrip('/')}/{_INDEX}" for base in bases))


def _metalink(content: bytes) -> Mirrors:
    try:
        files = [one for one in elements(content, {"file"}) if one.get("name") == "repomd.xml"]
    except XmlError:
        return Mirrors()
    if not files:
        return Mirrors()
    file = files[0]
    found = [
        (url.get("preference"), url.text.strip())
        for resources in file.all("resources")
        for url in resources.all("url")
        if url.text.strip().endswith(_INDEX)
    ]
    ordered = sorted(found, key=lambda one: -int(one[0]) if one[0].isdecimal() and len(one[0]) < 6 else 0)  # noqa: PLR2004 - a preference has three digits
    return Mirrors(urls=_best(url for _, url in ordered), sha256=_digest(file))


def _digest(file: Element) -> str:
    verification = file.first("verification")
    hashes = list(verification.all("hash")) if verification is not None else []
    named = (one.text.strip().lower() for one in hashes if one.get("type") == "sha256")
    return next((digest for digest in named if _SHA256.fullmatch(digest)), "")


def _best(urls: Iterable[str]) -> tuple[str, ...]:
    distinct = list(dict.fromkeys(url for url in urls if url.startswith(("https://", "http://"))))
    return tuple(sorted(distinct, key=lambda url: not url.startswith("https://"))[:_MOST])
