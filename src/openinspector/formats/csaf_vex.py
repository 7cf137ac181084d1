"""CSAF 2.0 documents of the VEX profile: one vulnerability, and its status in every product of one vendor.

https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html. Rules:

- A product in a status is a component of a platform; relationships name both. Product ids are opaque and are never
  split; a component is read from its package URL, else from its product name.
- ``fixed``, ``first_fixed`` and ``recommended`` products have the fix at their version. Source packages and debug
  packages are dropped if binaries are listed.
- The remediation of the product refines ``known_affected``: ``no_fix_planned`` and ``none_available`` with the vendor's
  words.
- Fixes are grouped by the erratum that ships them, the address of their ``vendor_fix``; each group is an advisory. The
  statuses form another advisory, under the CVE id.
- A vendor may score a vulnerability differently by product; then each score is limited to stream and package.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from openinspector.feed import Document, Parsed, Unparsed
from openinspector.formats.cvss_vector import score_of
from openinspector.model.advisory import (
    NOT_MODULAR,
    Advisory,
    Fix,
    FixState,
    PackageKind,
    Priority,
    Restart,
    Score,
    Status,
    Target,
    Vulnerability,
)
from openinspector.model.purl import parse_purl
from openinspector.version import VersionScheme

_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_SYMBOLS: Final = re.compile(r"-debug(?:info|source)(?:-|$)")
_MODULAR_NAME: Final = re.compile(r"([A-Za-z0-9_.+-]+:[A-Za-z0-9_.+-]+)/([A-Za-z0-9_.+-]+)")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_.+-]+")
_MAX_DEPTH: Final = 32
_FIXED: Final = ("fixed", "first_fixed", "recommended")
_PRIORITIES: Final[Mapping[str, Priority]] = {
    "critical": Priority.HIGH,
    "important": Priority.HIGH,
    "high": Priority.HIGH,
    "moderate": Priority.MEDIUM,
    "medium": Priority.MEDIUM,
    "low": Priority.LOW,
    "none": Priority.NEGLIGIBLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CsafDialect:
    """Differences between vendors."""

    feed: str
    scheme: VersionScheme
    stream: Callable[[str, str], str]
    """Return the stream of a platform by its CPE and name; empty for products other than a distribution."""
    erratum: Callable[[str], str]
    """Return the id of an erratum by its address; empty for other addresses."""
    page: Callable[[str], str]
    """Return the vendor's page of a CVE."""
    unversioned_kind: PackageKind = PackageKind.SOURCE
    """Kind of a component without version and package URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Component:
    kind: PackageKind
    name: str
    version: str = ""
    architecture: str = ""
    module: str = ""


class _Helper(msgspec.Struct, frozen=True):
    cpe: str = ""
    purl: str = ""


class _Product(msgspec.Struct, frozen=True):
    product_id: str
    name: str = ""
    helper: _Helper = msgspec.field(name="product_identification_helper", default=_Helper())


class _Branch(msgspec.Struct, frozen=True):
    product: _Product | None = None
    branches: tuple["_Branch", ...] = ()


class _Relationship(msgspec.Struct, frozen=True):
    component: str = msgspec.field(name="product_reference")
    platform: str = msgspec.field(name="relates_to_product_reference")
    product: _Product = msgspec.field(name="full_product_name")


class _Tree(msgspec.Struct, frozen=True):
    branches: tuple[_Branch, ...] = ()
    relationships: tuple[_Relationship, ...] = ()
    full_product_names: tuple[_Product, ...] = ()


class _Remark(msgspec.Struct, frozen=True):
    """A remediation, threat or flag."""

    category: str = ""
    label: str = ""
    details: str = ""
    url: str = ""
    product_ids: tuple[str, ...] = ()


class _Cvss(msgspec.Struct, frozen=True):
    vector: str = msgspec.field(name="vectorString", default="")
    base: float = msgspec.field(name="baseScore", default=-1.0)
    version: str = ""


class _Scores(msgspec.Struct, frozen=True):
    products: tuple[str, ...] = ()
    cvss_v2: _Cvss | None = None
    cvss_v3: _Cvss | None = None
    cvss_v4: _Cvss | None = None


class _Cwe(msgspec.Struct, frozen=True):
    id: str = ""


class _Vulnerability(msgspec.Struct, frozen=True):
    cve: str = ""
    title: str = ""
    cwe: _Cwe | None = None
    product_status: dict[str, tuple[str, ...]] = {}
    remediations: tuple[_Remark, ...] = ()
    threats: tuple[_Remark, ...] = ()
    flags: tuple[_Remark, ...] = ()
    scores: tuple[_Scores, ...] = ()
    release_date: str = ""


class _Severity(msgspec.Struct, frozen=True):
    text: str = ""


class _Tracking(msgspec.Struct, frozen=True):
    id: str = ""
    status: str = ""
    current_release_date: str = ""
    initial_release_date: str = ""


class _Head(msgspec.Struct, frozen=True):
    title: str = ""
    category: str = ""
    aggregate_severity: _Severity = _Severity()
    tracking: _Tracking = _Tracking()


class _Csaf(msgspec.Struct, frozen=True):
    document: _Head = _Head()
    product_tree: _Tree = _Tree()
    vulnerabilities: tuple[_Vulnerability, ...] = ()


_DECODER: Final = msgspec.json.Decoder(_Csaf)


@dataclass(slots=True)
class _Products:
    """The resolved product tree: the meaning of each product id."""

    dialect: CsafDialect
    products: dict[str, _Product] = field(default_factory=dict)
    parents: dict[str, tuple[str, str]] = field(default_factory=dict)
    streams: dict[str, str] = field(default_factory=dict)
    components: dict[str, _Component | None] = field(default_factory=dict)

    def resolve(self, product_id: str) -> tuple[str, _Component | None, str]:
        """Return stream, component and module; an empty stream for anything but a package of a distribution."""
        parent = self.parents.get(product_id)
        if parent is None:
            return "", None, ""
        component_id, platform_id = parent
        module = ""
        for _ in range(_MAX_DEPTH):
            above = self.parents.get(platform_id)
            if above is None:
                break
            module = module or _module_of(self.products.get(above[0]))
            platform_id = above[1]
        stream = self._stream(platform_id)
        return (stream, self._component(component_id), module) if stream else ("", None, "")

    def _stream(self, platform_id: str) -> str:
        if platform_id not in self.streams:
            product = self.products.get(platform_id)
            known = self.dialect.stream(product.helper.cpe, product.name) if product is not None else ""
            self.streams[platform_id] = known
        return self.streams[platform_id]

    def _component(self, component_id: str) -> _Component | None:
        if component_id not in self.components:
            product = self.products.get(component_id)
            self.components[component_id] = _component(product, self.dialect) if product is not None else None
        return self.components[component_id]


def parse(documents: Iterable[Document], dialect: CsafDialect) -> Iterator[Parsed]:
    """Yield for each document its vulnerability, its statuses and its fixes by erratum."""
    for document in documents:
        if document.source.name.endswith(".json"):
            yield from _parse(document, dialect)


def _parse(document: Document, dialect: CsafDialect) -> Iterator[Parsed]:
    name = document.source.name
    try:
        csaf = _DECODER.decode(document.content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        yield Unparsed(document=name, entry="", reason=f"not a CSAF document: {error}")
        return
    if not csaf.vulnerabilities and csaf.document.tracking.status:
        return  # a vulnerability that the vendor withdrew
    products = _products(csaf.product_tree, dialect)
    for vulnerability in csaf.vulnerabilities or (_Vulnerability(),):
        if not _CVE.fullmatch(vulnerability.cve):
            yield Unparsed(document=name, entry=vulnerability.cve[:64], reason="a vulnerability without a CVE id")
            continue
        reader = _Reader(name, csaf.document, vulnerability, products)
        yield from reader.read()


def _products(tree: _Tree, dialect: CsafDialect) -> _Products:
    found = _Products(dialect)
    waiting = list(tree.branches)
    while waiting:
        branch = waiting.pop()
        waiting += branch.branches
        if branch.product is not None:
            found.products[branch.product.product_id] = branch.product
    found.products |= {product.product_id: product for product in tree.full_product_names}
    for relationship in tree.relationships:
        found.parents[relationship.product.product_id] = relationship.component, relationship.platform
    return found


class _Reader:
    """Reads one vulnerability of one document."""

    def __init__(self, name: str, head: _Head, vulnerability: _Vulnerability, products: _Products) -> None:
        self._name = name
        self._head = head
        self._vulnerability = vulnerability
        self._products = products
        self._dialect = products.dialect
        self._errata: dict[str, tuple[str, Restart]] = {}
        self._unfixed: dict[str, tuple[FixState, str]] = {}
        self._words: dict[str, str] = {}
        self._flags = {product: flag.label for flag in vulnerability.flags for product in flag.product_ids}
        for remark in vulnerability.remediations:
            self._remediate(remark)
        for threat in vulnerability.threats:
            if threat.category == "impact":
                self._words |= dict.fromkeys(threat.product_ids or ("",), threat.details)

    def _remediate(self, remark: _Remark) -> None:
        match remark.category:
            case "vendor_fix":
                erratum = self._dialect.erratum(remark.url)
                restart = _restart(remark.details)
                for product in remark.product_ids:
                    self._errata[product] = erratum, restart
            case "no_fix_planned":
                state = FixState.END_OF_LIFE if "support" in remark.details.lower() else FixState.WONT_FIX
                self._unfixed |= dict.fromkeys(remark.product_ids, (state, remark.details))
            case "none_available":
                state = FixState.DEFERRED if "deferred" in remark.details.lower() else FixState.OPEN
                self._unfixed |= dict.fromkeys(remark.product_ids, (state, remark.details))
            case _:
                pass

    def read(self) -> Iterator[Parsed]:
        yield Vulnerability(
            id=self._vulnerability.cve,
            scores=tuple(self._scores()),
            cwes=(self._vulnerability.cwe.id,) if self._vulnerability.cwe and self._vulnerability.cwe.id else (),
            description=(self._vulnerability.title or self._head.title)[:500],
        )
        refused: list[str] = []
        yield from self._fixes(refused)
        statuses = tuple(dict.fromkeys(self._statuses(refused)))
        if statuses:
            yield self._advisory(
                self._vulnerability.cve, (), statuses, self._words.get("", self._head.aggregate_severity.text)
            )
        for product in refused[:100]:
            yield Unparsed(
                document=self._name, entry=product[:200], reason="a product that is not a package of this scheme"
            )

    def _fixes(self, refused: list[str]) -> Iterator[Advisory]:
        built: dict[tuple[str, Restart], dict[tuple[Target, str], set[str]]] = {}
        words: dict[tuple[str, Restart], str] = {}
        for product in _listed(self._vulnerability, _FIXED):
            stream, component, module = self._products.resolve(product)
            if not stream:
                continue
            if component is None or not self._dialect.scheme.is_valid(component.version):
                refused.append(product)
                continue
            erratum = self._errata.get(product, ("", Restart.NONE))
            target = Target(
                stream=stream,
                kind=component.kind,
                name=component.name,
                module=component.module or module or NOT_MODULAR,
            )
            built.setdefault(erratum, {}).setdefault((target, component.version), set()).add(component.architecture)
            words.setdefault(erratum, self._words.get(product, ""))
        for (erratum_id, restart), targets in sorted(built.items()):
            word = words[erratum_id, restart]
            fixes = _built(targets)
            if fixes:
                yield self._advisory(erratum_id or self._vulnerability.cve, fixes, (), word, restart)

    def _statuses(self, refused: list[str]) -> Iterator[Status]:
        for key, products in self._vulnerability.product_status.items():
            if key not in ("known_affected", "known_not_affected", "under_investigation"):
                continue
            for product in products:
                stream, component, module = self._products.resolve(product)
                if not stream:
                    continue
                if component is None:
                    refused.append(product)
                    continue
                target = Target(
                    stream=stream,
                    kind=component.kind,
                    name=component.name,
                    module=component.module or module or NOT_MODULAR,
                )
                state, word = self._state(key, product)
                yield Status(target=target, state=state, word=word)

    def _state(self, key: str, product: str) -> tuple[FixState, str]:
        if key == "known_not_affected":
            return FixState.NOT_AFFECTED, self._flags.get(product, "not affected").replace("_", " ")
        if key == "under_investigation":
            return FixState.UNDER_INVESTIGATION, "under investigation"
        return self._unfixed.get(product, (FixState.OPEN, "affected"))

    def _advisory(
        self,
        identity: str,
        fixes: tuple[Fix, ...],
        statuses: tuple[Status, ...],
        word: str,
        restart: Restart = Restart.NONE,
    ) -> Advisory:
        word = word or self._head.aggregate_severity.text
        return Advisory(
            id=identity,
            feed=self._dialect.feed,
            vulnerabilities=(self._vulnerability.cve,),
            fixes=fixes,
            statuses=statuses,
            summary=(self._vulnerability.title or self._head.title) if statuses else "",
            severity=word,
            priority=_PRIORITIES.get(word.lower(), Priority.UNSPECIFIED),
            restart=restart,
            references=(self._dialect.page(self._vulnerability.cve),),
            published=(self._vulnerability.release_date or self._head.tracking.initial_release_date)[:10],
            modified=self._head.tracking.current_release_date[:10],
        )

    def _scores(self) -> Iterator[Score]:
        scored = [
            (entry, score) for entry in self._vulnerability.scores if (score := _score(entry, self._dialect.feed))
        ]
        if len({score for _, score in scored}) < 2:  # noqa: PLR2004 - one score for every product
            yield from dict.fromkeys(score for _, score in scored)
            return
        limited: dict[Score, None] = {}
        for entry, score in scored:
            for product in entry.products:
                stream, component, _ = self._products.resolve(product)
                if stream and component is not None:
                    limited[replace(score, stream=stream, package=component.name)] = None
        yield from limited or dict.fromkeys(score for _, score in scored)


def _score(entry: _Scores, origin: str) -> Score | None:
    for cvss in (entry.cvss_v3, entry.cvss_v4, entry.cvss_v2):
        if cvss is not None and 0.0 <= cvss.base <= 10.0:  # noqa: PLR2004 - CVSS ends at 10
            return Score(version=cvss.version or "2.0", base=cvss.base, vector=cvss.vector, origin=origin)
        if cvss is not None and cvss.base < 0 and (computed := score_of(cvss.vector, origin)) is not None:
            return computed
    return None


def _listed(vulnerability: _Vulnerability, keys: Iterable[str]) -> Iterator[str]:
    return iter(dict.fromkeys(product for key in keys for product in vulnerability.product_status.get(key, ())))


def _built(targets: Mapping[tuple[Target, str], set[str]]) -> tuple[Fix, ...]:
    """Return one fix per package and version, with its architectures; sources only if no binary is listed."""
    binaries = {
        (target.stream, target.module)
        for target, _ in targets
        if target.kind is PackageKind.BINARY and not _SYMBOLS.search(target.name)
    }
    found = []
    for (target, version), architectures in targets.items():
        if _SYMBOLS.search(target.name):
            continue
        if target.kind is PackageKind.SOURCE and (target.stream, target.module) in binaries:
            continue
        unlimited = target.kind is PackageKind.SOURCE or not architectures.isdisjoint({"", "noarch"})
        limited = Target(
            stream=target.stream,
            kind=target.kind,
            name=target.name,
            module=target.module,
            architectures=() if unlimited else tuple(sorted(architectures)),
        )
        found.append(Fix(target=limited, version=version))
    return tuple(sorted(found, key=lambda fix: (fix.target.stream, fix.target.name, fix.target.module, fix.version)))


def _restart(details: str) -> Restart:
    text = details.lower()
    if "reboot" in text or "system must be restarted" in text:
        return Restart.REBOOT
    return Restart.SERVICE if "must be restarted" in text or "will be restarted" in text else Restart.NONE


def _module_of(product: _Product | None) -> str:
    """Return ``name:stream`` of a module that is a product between package and platform."""
    url = parse_purl(product.helper.purl) if product is not None else None
    return f"{url.name}:{url.version.partition(':')[0]}" if url is not None and url.type == "rpmmod" else ""


def _component(product: _Product, dialect: CsafDialect) -> _Component | None:
    if product.helper.purl:
        return _from_purl(product.helper.purl)
    name = product.name or product.product_id
    modular = _MODULAR_NAME.fullmatch(name)
    if modular is not None:
        return _Component(kind=PackageKind.SOURCE, name=modular[2], module=modular[1])
    if not _PLAIN_NAME.fullmatch(name):
        return None
    parts = name.rsplit("-", 2)
    if len(parts) == 3 and parts[1][:1].isdigit() and parts[2][:1].isdigit():  # noqa: PLR2004 - name-version-release
        return _Component(kind=PackageKind.BINARY, name=parts[0], version=f"{parts[1]}-{parts[2]}")
    return _Component(kind=dialect.unversioned_kind, name=name)


def _from_purl(purl: str) -> _Component | None:
    url = parse_purl(purl)
    if url is None or url.type != "rpm":
        return None  # an image, a jar, a module
    architecture, epoch = url.qualifiers.get("arch", ""), url.qualifiers.get("epoch", "")
    module = ":".join(url.qualifiers.get("rpmmod", "").split(":")[:2])
    if module and (module.count(":") != 1 or module.endswith(":")):
        return None
    binary = architecture not in ("", "src", "nosrc")
    with_epoch = url.version and epoch not in ("", "0") and ":" not in url.version
    return _Component(
        kind=PackageKind.BINARY if binary else PackageKind.SOURCE,
        name=url.name,
        version=f"{epoch}:{url.version}" if with_epoch else url.version,
        architecture=architecture if binary else "",
        module=module,
    )
