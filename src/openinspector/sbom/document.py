"""Reads SBOM documents into components: CycloneDX JSON (1.2 to 1.7), SPDX JSON (2.2, 2.3 and 3.0).

Only the data about packages is read. Documents are limited in bytes, components and depth.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import msgspec

from openinspector.model.errors import OpenInspectorError

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_COMPONENTS: Final = 200_000
MAX_DEPTH: Final = 20
"""Components inside components."""

_CYCLONEDX: Final = "CycloneDX"
_OPERATING_SYSTEM: Final = "operating-system"
_SPDX_OPERATING_SYSTEM: Final = ("OPERATING-SYSTEM", "OPERATING_SYSTEM", "operatingSystem")
_PURL: Final = "purl"


class SbomError(OpenInspectorError):
    """A document that is not an SBOM, or exceeds a bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One component that an SBOM lists."""

    name: str
    version: str = ""
    purl: str = ""
    """As in the document; empty if absent."""
    properties: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """CycloneDX properties, name to value."""
    is_operating_system: bool = False
    vendor: str = ""
    """The organization that built it: CycloneDX ``publisher`` or ``supplier``, SPDX ``originator`` or ``supplier``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sbom:
    """The content of one document."""

    format: str
    """``CycloneDX`` or ``SPDX``, with its version."""
    subject: str = ""
    """Name of what the document describes: an image, a host."""
    components: tuple[Component, ...]
    """In the document's order, without those that describe files."""

    @property
    def operating_system(self) -> Component | None:
        """The component that names the operating system; None if the document names none."""
        return next((component for component in self.components if component.is_operating_system), None)


class _Property(msgspec.Struct):
    name: str = ""
    value: str | None = None


class _CycloneComponent(msgspec.Struct):
    type: str = ""
    name: str = ""
    version: str | None = None
    group: str | None = None
    purl: str | None = None
    components: "list[_CycloneComponent] | None" = None
    properties: list[_Property] | None = None
    publisher: object = None
    supplier: object = None


class _CycloneMetadata(msgspec.Struct):
    component: _CycloneComponent | None = None


class _SpdxReference(msgspec.Struct, rename="camel"):
    reference_type: str = ""
    reference_locator: str = ""


class _SpdxPackage(msgspec.Struct, rename="camel"):
    name: str = ""
    version_info: str | None = None
    primary_package_purpose: str | None = None
    external_refs: list[_SpdxReference] | None = None
    originator: object = None
    supplier: object = None


class _SpdxElement(msgspec.Struct):
    type: str = ""
    name: str | None = None
    software_packageVersion: str | None = None  # noqa: N815 - the format's name
    software_packageUrl: str | None = None  # noqa: N815
    software_primaryPurpose: str | None = None  # noqa: N815


class _Document(msgspec.Struct):
    """Both formats: the present keys identify the format."""

    bomFormat: str = ""  # noqa: N815 - the formats' names
    specVersion: str = ""  # noqa: N815
    metadata: _CycloneMetadata | None = None
    components: list[_CycloneComponent] | None = None
    spdxVersion: str = ""  # noqa: N815
    name: str = ""
    packages: list[_SpdxPackage] | None = None
    graph: list[_SpdxElement] | None = msgspec.field(default=None, name="@graph")


_DECODER: Final = msgspec.json.Decoder(_Document)
_MAX_VENDOR: Final = 200


class _Probe(msgspec.Struct):
    bomFormat: str = ""  # noqa: N815
    spdxVersion: str = ""  # noqa: N815
    graph: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="@graph")


def is_sbom(content: bytes) -> bool:
    """Return True if ``content`` is a JSON object that claims to be an SBOM."""
    if content.lstrip()[:1] != b"{":
        return False
    try:
        probe = msgspec.json.decode(content, type=_Probe)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return bool(probe.bomFormat or probe.spdxVersion or bytes(probe.graph))


def read_sbom(content: bytes) -> Sbom:
    """Read one document. Raises SbomError."""
    if len(content) > MAX_BYTES:
        raise SbomError(f"the SBOM is larger than {MAX_BYTES >> 20} MiB")
    try:
        document = _DECODER.decode(content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise SbomError(f"the SBOM cannot be read: {error}") from error
    if document.bomFormat == _CYCLONEDX:
        return _cyclonedx(document)
    if document.spdxVersion.startswith("SPDX-"):
        return _spdx(document)
    if document.graph is not None:
        return _spdx3(document.graph)
    raise SbomError(
        "the document is neither CycloneDX nor SPDX",
        advice="Write it as JSON: `syft -o cyclonedx-json`, `trivy --format cyclonedx`, `syft -o spdx-json`.",
    )


def _cyclonedx(document: _Document) -> Sbom:
    root = document.metadata.component if document.metadata else None
    listed = _flat([*([root] if root else []), *(document.components or ())])
    return Sbom(
        format=f"{_CYCLONEDX} {document.specVersion}".strip(),
        subject=root.name if root else "",
        components=_bounded(_cyclone_component(component) for component in listed if component.type != "file"),
    )


def _flat(components: Iterable[_CycloneComponent]) -> Iterator[_CycloneComponent]:
    level = list(components)
    for _ in range(MAX_DEPTH):
        yield from level
        level = [inner for component in level for inner in component.components or ()]
        if not level:
            return
    raise SbomError(f"components are nested more than {MAX_DEPTH} deep")


def _cyclone_component(component: _CycloneComponent) -> Component:
    return Component(
        name=component.name,
        version=component.version or "",
        purl=component.purl or "",
        properties=MappingProxyType({p.name: p.value for p in component.properties or () if p.value is not None}),
        is_operating_system=component.type == _OPERATING_SYSTEM,
        vendor=_vendor(component.publisher, component.supplier),
    )


def _vendor(*fields: object) -> str:
    """Return the first organization that fields name; generators write ``NOASSERTION`` if they know none."""
    for field_ in fields:
        named = field_.get("name") if isinstance(field_, dict) else field_
        text = named.removeprefix("Organization:").strip() if isinstance(named, str) else ""
        if text and text not in ("NOASSERTION", "NONE"):
            return text[:_MAX_VENDOR]
    return ""


def _spdx(document: _Document) -> Sbom:
    return Sbom(
        format=document.spdxVersion.replace("-", " ", 1),
        subject=document.name,
        components=_bounded(
            Component(
                name=package.name,
                version=package.version_info or "",
                purl=next((r.reference_locator for r in package.external_refs or () if r.reference_type == _PURL), ""),
                is_operating_system=package.primary_package_purpose in _SPDX_OPERATING_SYSTEM,
                vendor=_vendor(package.originator, package.supplier),
            )
            for package in document.packages or ()
        ),
    )


def _spdx3(graph: Iterable[_SpdxElement]) -> Sbom:
    elements = tuple(graph)
    return Sbom(
        format="SPDX 3",
        subject=next((element.name or "" for element in elements if element.type == "SpdxDocument"), ""),
        components=_bounded(
            Component(
                name=element.name or "",
                version=element.software_packageVersion or "",
                purl=element.software_packageUrl or "",
                is_operating_system=element.software_primaryPurpose in _SPDX_OPERATING_SYSTEM,
            )
            for element in elements
            if element.type == "software_Package"
        ),
    )


def _bounded(components: Iterable[Component]) -> tuple[Component, ...]:
    found: list[Component] = []
    for component in components:
        if len(found) >= MAX_COMPONENTS:
            raise SbomError(f"the SBOM lists more than {MAX_COMPONENTS} components")
        found.append(component)
    return tuple(found)
