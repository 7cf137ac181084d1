"""Package URLs (https://github.com/package-url/purl-spec): ``pkg:type/namespace/name@version?qualifiers#subpath``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote

from openinspector.model.errors import ModelError

MAX_LENGTH: Final = 8192
"""Characters; a longer one is refused."""


class PurlError(ModelError):
    """A text that is not a package URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purl:
    """One package URL, percent-decoded."""

    type: str
    """Lower case: ``deb``, ``rpm``, ``pypi``."""
    namespace: str = ""
    """Segments joined with ``/``: ``debian``, ``@angular``."""
    name: str
    version: str = ""
    qualifiers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Lower-case key to value."""


def parse_purl(text: str) -> Purl:
    """Parse one package URL; the subpath is dropped. Raises PurlError."""
    if len(text) > MAX_LENGTH:
        raise PurlError(f"a package URL of {len(text)} characters is too long")
    scheme, separator, rest = text.strip().partition(":")
    if scheme.lower() != "pkg" or not separator:
        raise PurlError(f"{text[:80]!r} does not begin with 'pkg:'")
    rest, _, _ = rest.partition("#")
    path, _, query = rest.partition("?")
    kind, _, path = path.strip("/").partition("/")
    # The version follows the last @ of the last segment: a scope such as @angular may be left unencoded.
    start, at, version = path.rpartition("@")
    if not at or "/" in version or not start:
        start, version = path, ""
    *namespace, name = [unquote(segment) for segment in start.split("/") if segment] or [""]
    if not kind or not name:
        raise PurlError(f"{text[:80]!r} names no type or no package")
    return Purl(
        type=kind.lower(),
        namespace="/".join(namespace),
        name=name,
        version=unquote(version),
        qualifiers=_qualifiers(query),
    )


def _qualifiers(query: str) -> Mapping[str, str]:
    pairs = (pair.partition("=") for pair in query.split("&"))
    return MappingProxyType({key.lower(): unquote(value) for key, _, value in pairs if key and value})
