"""Microsoft's monthly security documents (CVRF): the updates that fix each vulnerability, by product.

https://api.msrc.microsoft.com/cvrf/v3.0/cvrf/2024-Mar, as XML or as JSON. Only remediations of type Vendor Fix whose
description is the number of an article (KB) are read: sub type, superseded updates, resulting build, and whether a
restart is needed. Everything else comes from CVE records.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import msgspec

from openinspector.formats.xml_elements import Element, XmlError, elements
from openinspector.model.advisory import Restart

_KB: Final = re.compile(r"(?:KB)?([0-9]{6,8})", re.IGNORECASE | re.ASCII)
_NUMBER: Final = re.compile(r"(?<![0-9])[0-9]{6,8}(?![0-9])", re.ASCII)
_VENDOR_FIX: Final = "Vendor Fix"
_VENDOR_FIX_TYPE: Final = 2
"""The type Vendor Fix in the JSON form."""
_MAX_TEXT: Final = 200
_RESTARTS: Final[Mapping[str, Restart]] = MappingProxyType({"yes": Restart.REBOOT, "no": Restart.NONE})


class CvrfError(ValueError):
    """A document that is not one of Microsoft's CVRF documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remediation:
    """One update that fixes one vulnerability in some products."""

    vulnerability: str
    """CVE id."""
    update: str
    """``KB5035857``."""
    products: tuple[str, ...]
    """Names of products as the document spells them."""
    kind: str
    """``Security Update``, ``Monthly Rollup``, ``Security Only``."""
    fixed_build: str
    supersedes: tuple[str, ...]
    """``KB5034770``."""
    restart: Restart | None
    """None for ``Maybe`` and if not stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CvrfDocument:
    """The updates of one document."""

    remediations: tuple[Remediation, ...]


class _Text(msgspec.Struct, frozen=True):
    value: str = msgspec.field(name="Value", default="")


class _JsonProduct(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="ProductID", default="")
    name: str = msgspec.field(name="Value", default="")


class _JsonTree(msgspec.Struct, frozen=True):
    products: tuple[_JsonProduct, ...] = msgspec.field(name="FullProductName", default=())


class _JsonRemediation(msgspec.Struct, frozen=True):
    type: int = msgspec.field(name="Type", default=-1)
    description: _Text = msgspec.field(name="Description", default=_Text())
    products: tuple[str, ...] = msgspec.field(name="ProductID", default=())
    supersedence: str = msgspec.field(name="Supercedence", default="")
    restart: _Text = msgspec.field(name="RestartRequired", default=_Text())
    kind: str = msgspec.field(name="SubType", default="")
    fixed_build: str = msgspec.field(name="FixedBuild", default="")


class _JsonVulnerability(msgspec.Struct, frozen=True):
    cve: str = msgspec.field(name="CVE", default="")
    remediations: tuple[_JsonRemediation, ...] = msgspec.field(name="Remediations", default=())


class _JsonDocument(msgspec.Struct, frozen=True):
    tree: _JsonTree = msgspec.field(name="ProductTree")
    vulnerabilities: tuple[_JsonVulnerability, ...] = msgspec.field(name="Vulnerability", default=())


_JSON: Final = msgspec.json.Decoder(_JsonDocument)


def parse_cvrf(content: bytes) -> CvrfDocument:
    """Return the updates of a document; raise CvrfError if it is not one."""
    try:
        as_json = content.lstrip()[:1] == b"{"
        found = tuple(_json(_JSON.decode(content)) if as_json else _xml(content))
    except (XmlError, msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise CvrfError(f"not a CVRF document: {error}") from error
    return CvrfDocument(remediations=found)


def _json(document: _JsonDocument) -> Iterator[Remediation]:
    names = {product.id: product.name for product in document.tree.products}
    for vulnerability in document.vulnerabilities:
        for one in vulnerability.remediations:
            if one.type == _VENDOR_FIX_TYPE:
                yield from _remediation(
                    vulnerability.cve,
                    one.description.value,
                    [names[product] for product in one.products if product in names],
                    (one.kind, one.fixed_build, one.supersedence, one.restart.value),
                )


def _xml(content: bytes) -> Iterator[Remediation]:
    names: dict[str, str] = {}
    known = False
    for element in elements(content, ("ProductTree", "Vulnerability")):
        known = True
        if element.tag == "ProductTree":
            names |= {one.get("ProductID"): one.text.strip() for one in element.descendants("FullProductName")}
            continue
        cve = element.text_of("CVE")
        for one in element.descendants("Remediation"):
            if one.get("Type") == _VENDOR_FIX:
                yield from _remediation(cve, one.text_of("Description"), _products(one, names), _words(one))
    if not known:
        raise CvrfError("not a CVRF document: it has no products and no vulnerabilities")


def _products(remediation: Element, names: Mapping[str, str]) -> list[str]:
    ids = (product.text.strip() for product in remediation.all("ProductID"))
    return [names[one] for one in ids if one in names]


def _words(remediation: Element) -> tuple[str, str, str, str]:
    return (
        remediation.text_of("SubType"),
        remediation.text_of("FixedBuild"),
        remediation.text_of("Supercedence"),
        remediation.text_of("RestartRequired"),
    )


def _remediation(
    cve: str, description: str, products: Iterable[str], words: tuple[str, str, str, str]
) -> Iterator[Remediation]:
    """Yield the remediation if its description is the number of an article."""
    named = tuple(dict.fromkeys(products))
    found = _KB.fullmatch(description.strip())
    if found is None or not named:
        return
    kind, fixed_build, supersedence, restart = words
    yield Remediation(
        vulnerability=cve,
        update=f"KB{found[1]}",
        products=named,
        kind=kind[:_MAX_TEXT],
        fixed_build=fixed_build[:_MAX_TEXT],
        supersedes=tuple(dict.fromkeys(f"KB{number}" for number in _NUMBER.findall(supersedence))),
        restart=_RESTARTS.get(restart.lower()),
    )
