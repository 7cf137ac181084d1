"""Package URLs of distributions: ``pkg:rpm/redhat/firefox@115.5.0-1.el9?arch=x86_64`` (purl-spec)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_URL: Final = re.compile(r"pkg:([a-z]+)/(?:([^/@?#]+)/)?([^/@?#]+)(?:@([^?#]*))?(?:\?([^#]*))?(?:#.*)?")
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageUrl:
    """A package URL, percent-decoded."""

    type: str
    """``rpm``, ``deb``."""
    namespace: str
    name: str
    version: str = ""
    qualifiers: Mapping[str, str] = field(default_factory=dict)


def parse_package_url(text: str) -> PackageUrl | None:
    """Return the parts of a package URL; None for any other text."""
    found = _URL.fullmatch(text)
    if found is None:
        return None
    kind, namespace, name, version, query = found.groups(default="")
    pairs = (part.partition("=") for part in query.split("&") if part)
    return PackageUrl(
        type=kind,
        namespace=_plain(namespace),
        name=_plain(name),
        version=_plain(version),
        qualifiers={key: _plain(value) for key, _, value in pairs},
    )


def _plain(text: str) -> str:
    raw = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text.encode("utf-8", "surrogatepass"))
    return raw.decode("utf-8", "replace")
