"""Package URLs (https://github.com/package-url/purl-spec): ``pkg:type/namespace/name@version?qualifiers#subpath``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

MAX_LENGTH: Final = 8192
"""Characters; a longer text is not read."""
_URL: Final = re.compile(r"(?i:pkg):/*([A-Za-z0-9.+-]+)/([^?#]+)(?:\?([^#]*))?(?:#.*)?", re.DOTALL)
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Purl:
    """One package URL, percent-decoded, without its subpath."""

    type: str
    """Lower case: ``deb``, ``rpm``, ``pypi``."""
    namespace: str = ""
    """Segments joined with ``/``: ``debian``, ``@angular``."""
    name: str
    version: str = ""
    qualifiers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Lower-case key to value."""


def parse_purl(text: str) -> Purl | None:
    """Return the parts of a package URL; None for any other text."""
    found = _URL.fullmatch(text.strip()) if len(text) <= MAX_LENGTH else None
    if found is None:
        return None
    kind, path, query = found.groups(default="")
    # The version follows the last @ of the last segment: a scope such as @angular may be left unencoded.
    start, at, version = path.rpartition("@")
    if not at or "/" in version or not start.strip("/"):
        start, version = path, ""
    *namespace, name = [_plain(segment) for segment in start.split("/") if segment] or [""]
    if not name:
        return None
    return Purl(
        type=kind.lower(),
        namespace="/".join(namespace),
        name=name,
        version=_plain(version),
        qualifiers=_qualifiers(query),
    )


def _qualifiers(query: str) -> Mapping[str, str]:
    pairs = (pair.partition("=") for pair in query.split("&"))
    return MappingProxyType({key.lower(): _plain(value) for key, _, value in pairs if key and value})


def _plain(text: str) -> str:
    """Return ``text`` percent-decoded; bytes that are not UTF-8 become U+FFFD."""
    if "%" not in text:
        return text
    raw = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text.encode("utf-8", "surrogatepass"))
    return raw.decode("utf-8", "replace")
