"""updateinfo.xml: the errata inside an rpm repository (createrepo_c, libdnf, yum's ``updateinfo`` plugin).

Rules:

- The statement of an update is that each build of its ``pkglist`` has the fix. ``src`` rows, debug symbols and debug
  sources are dropped.
- CVE ids are those of references of type ``cve``; else those that bug titles, the update's title or
  its text name. An update that names a CVE is a security update whatever its type; other updates that are not of type
  security are skipped.
- A build whose release says ``.module`` belongs to the modules that its ``<module>`` element names, else to those whose
  artifacts in modules.yaml contain it; any other modular build is counted as not parsed.
- A package listed with several builds of one module is fixed from the oldest (contexts of one module); with several
  builds of one distribution tag, from the newest.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from openinspector.feed import Document, Unparsed
from openinspector.formats.modulemd import modules_by_build
from openinspector.formats.xml_elements import Element, XmlError, elements
from openinspector.model.advisory import NOT_MODULAR, Advisory, Fix, PackageKind, Priority, Restart, Target
from openinspector.versions.rpm import SCHEME

_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_MODULAR: Final = re.compile(r"\.module[_+]")
_MODULE_TITLE: Final = re.compile(r"(?<![\w.+:-])[a-z][\w.+-]*:[\w.+-]+")
_SYMBOLS: Final = re.compile(r"-debug(?:info|source)(?:-|$)")
_SOURCES: Final = frozenset({"src", "nosrc"})
_UPDATEINFO: Final = re.compile(r"(?:^|/)(?:[0-9a-z]+-)?updateinfo(?:_[^/]*)?\.xml$")
_MODULES: Final = re.compile(r"(?:^|/)(?:[0-9a-z]+-)?modules\.yaml$")
_REPOMD: Final = re.compile(r"(?:^|/)repomd\.xml$")
_SUMMARY: Final = 4000
_PRIORITIES: Final[Mapping[str, Priority]] = {
    "critical": Priority.HIGH,
    "important": Priority.HIGH,
    "high": Priority.HIGH,
    "urgent": Priority.HIGH,
    "moderate": Priority.MEDIUM,
    "medium": Priority.MEDIUM,
    "low": Priority.LOW,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """The facts of one update from which a dialect derives its stream."""

    id: str
    release: str
    collection: str
    """``short`` of its first collection: ``amazon-linux-2---kernel-5.15``."""
    builds: tuple[str, ...]
    """``version-release`` of its packages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateinfoDialect:
    """Differences between publishers."""

    feed: str
    stream: Callable[[Update], str]
    """Return the stream of an update; empty if unknown."""
    page: Callable[[str], str] = lambda _identity: ""
    """Return the publisher's page about an update, for those that link none."""
    flavour: Callable[[str], str] = lambda _version: ""
    """Return the flavour of a build."""


@dataclass(slots=True)
class _Read:
    updates: list[tuple[str, Element]] = field(default_factory=list)
    modules: dict[str, frozenset[str]] = field(default_factory=dict)


def parse(documents: Iterable[Document], dialect: UpdateinfoDialect) -> Iterator[Advisory | Unparsed]:
    """Yield the security updates of every updateinfo document, joined with the modules of every modules.yaml."""
    read = _Read()
    for document in documents:
        yield from _read(document, read)
    seen: set[tuple[str, str, tuple[Fix, ...]]] = set()
    for name, update in read.updates:
        for found in _advisory(name, update, read.modules, dialect):
            key = (found.id, found.published, found.fixes) if isinstance(found, Advisory) else None
            if key is None or key not in seen:
                yield found
            if key is not None:
                seen.add(key)


def read_repomd(document: Document) -> tuple[tuple[str, str, str, int], ...]:
    """Return (type, path, SHA-256, unpacked bytes) of a repository's updateinfo and modules; nothing of broken XML."""
    try:
        data = list(elements(document.content, {"data"}))
    except XmlError:
        return ()
    found = []
    for entry in data:
        location, checksum = entry.first("location"), entry.first("checksum")
        kind = entry.get("type")
        if location is None or kind not in ("updateinfo", "modules"):
            continue
        is_sha256 = checksum is not None and checksum.get("type") == "sha256"
        digest = checksum.text.strip().lower() if checksum is not None and is_sha256 else ""
        size = entry.text_of("open-size")
        found.append((kind, location.get("href"), digest, int(size) if size.isdecimal() and len(size) < 12 else 0))  # noqa: PLR2004 - no list is larger
    return tuple(found)


def is_repomd(name: str) -> bool:
    """Return True if a document's name is that of a repository's index."""
    return _REPOMD.search(name) is not None


def _read(document: Document, read: _Read) -> Iterator[Unparsed]:
    name = document.source.name
    if _MODULES.search(name):
        for build, modules in modules_by_build(document.content).items():
            read.modules[build] = read.modules.get(build, frozenset()) | modules
    elif _UPDATEINFO.search(name):
        try:
            read.updates += [(name, element) for element in elements(document.content, {"update"})]
        except XmlError as error:
            yield Unparsed(document=name, entry="", reason=str(error))
    elif not is_repomd(name):
        yield Unparsed(document=name, entry="", reason="neither updateinfo.xml nor modules.yaml nor repomd.xml")


def _advisory(
    name: str, element: Element, modules: Mapping[str, frozenset[str]], dialect: UpdateinfoDialect
) -> Iterator[Advisory | Unparsed]:
    identity = element.text_of("id")
    vulnerabilities = _vulnerabilities(element)
    if element.get("type").lower() != "security" and not vulnerabilities:
        return
    packages = [package for package in element.descendants("package") if _is_installed(package)]
    if not identity or not packages:
        yield Unparsed(
            document=name, entry=identity[:200], reason="a security update without an id or without packages"
        )
        return
    collection = next(element.descendants("collection"), element)
    builds = tuple(f"{package.get('version')}-{package.get('release')}" for package in packages)
    update = Update(id=identity, release=element.text_of("release"), collection=collection.get("short"), builds=builds)
    if not dialect.stream(update):
        yield Unparsed(document=name, entry=identity[:200], reason="an update of no release known here")
        return
    fixes: dict[Target, list[str]] = {}
    for package, build in zip(packages, builds, strict=True):
        # an update may list builds of several releases: each is of the stream that it says itself
        stream = dialect.stream(replace(update, builds=(build, *builds)))
        found = _fix(package, element, modules, stream, dialect)
        if isinstance(found, str):
            yield Unparsed(document=name, entry=f"{identity} {package.get('name')}"[:200], reason=found)
        else:
            for target, version in found:
                fixes.setdefault(target, []).append(version)
    if fixes:
        yield _made(element, dialect, vulnerabilities, _joined(fixes))


def _made(
    element: Element, dialect: UpdateinfoDialect, vulnerabilities: tuple[str, ...], fixes: tuple[Fix, ...]
) -> Advisory:
    identity = element.text_of("id")
    word = element.text_of("severity") or element.text_of("title").partition(":")[0]
    word = word if word.lower() in _PRIORITIES else ""
    links = [reference.get("href") for reference in element.descendants("reference")]
    page = dialect.page(identity)
    urls = [url for url in (page, *links) if url.startswith(("https://", "http://"))]
    summary = "\n\n".join(text for text in (element.text_of("title"), element.text_of("description")) if text)
    return Advisory(
        id=identity,
        feed=dialect.feed,
        vulnerabilities=vulnerabilities,
        fixes=fixes,
        summary=summary[:_SUMMARY],
        severity=word,
        priority=_PRIORITIES.get(word.lower(), Priority.UNSPECIFIED),
        restart=_restart(element),
        references=tuple(dict.fromkeys(urls)),
        published=_date(element, "issued"),
        modified=_date(element, "updated"),
    )


def _vulnerabilities(element: Element) -> tuple[str, ...]:
    references = list(element.descendants("reference"))
    named = [_CVE.search(f"{ref.get('id')} {ref.get('title')}") for ref in references if ref.get("type") == "cve"]
    found = [match[0] for match in named if match is not None]
    if not found:
        texts = [ref.get("title") for ref in references] + [element.text_of("title"), element.text_of("description")]
        found = [identity for text in texts for identity in _CVE.findall(text)]
    return tuple(sorted(set(found)))


def _is_installed(package: Element) -> bool:
    return package.get("arch") not in _SOURCES and not _SYMBOLS.search(package.get("name"))


def _fix(
    package: Element, update: Element, modules: Mapping[str, frozenset[str]], stream: str, dialect: UpdateinfoDialect
) -> tuple[tuple[Target, str], ...] | str:
    """Return what a row states, once a module; or why it is not understood."""
    name, epoch = package.get("name"), package.get("epoch") or "0"
    build = f"{package.get('version')}-{package.get('release')}"
    version = build if epoch == "0" else f"{epoch}:{build}"
    if not name or not SCHEME.is_valid(version):
        return "not a build"
    names: Iterable[str] = (NOT_MODULAR,)
    if _MODULAR.search(build):
        names = sorted(_modules(package, update, modules, f"{name}-{epoch}:{build}.{package.get('arch')}"))
        if not names:
            return "a build of a module that no document names"
    architecture = package.get("arch")
    return tuple(
        (
            Target(
                stream=stream,
                kind=PackageKind.BINARY,
                name=name,
                module=module,
                architectures=(architecture,) if architecture not in ("", "noarch") else (),
                flavour=dialect.flavour(version),
            ),
            version,
        )
        for module in names
    )


def _modules(package: Element, update: Element, modules: Mapping[str, frozenset[str]], build: str) -> frozenset[str]:
    written = [*update.descendants("module"), *package.descendants("module")]
    if written:
        return frozenset(f"{module.get('name')}:{module.get('stream')}" for module in written)
    if build in modules:
        return modules[build]
    title = update.text_of("title")
    return frozenset(_MODULE_TITLE.findall(title.partition(": ")[2] or title))


def _joined(fixes: Mapping[Target, list[str]]) -> tuple[Fix, ...]:
    """Return one fix a package and version, with the architectures it is built for."""
    built: dict[tuple[Target, str], set[str]] = {}
    for target, versions in fixes.items():
        wide = Target(
            stream=target.stream, kind=target.kind, name=target.name, module=target.module, flavour=target.flavour
        )
        built.setdefault((wide, _deciding(versions)), set()).update(target.architectures or ("noarch",))
    found = []
    for (target, version), architectures in built.items():
        limits = () if "noarch" in architectures else tuple(sorted(architectures))
        limited = Target(
            stream=target.stream,
            kind=target.kind,
            name=target.name,
            module=target.module,
            flavour=target.flavour,
            architectures=limits,
        )
        found.append(Fix(target=limited, version=version))
    return tuple(found)


def _deciding(versions: list[str]) -> str:
    ordered = sorted(set(versions), key=SCHEME.key)
    newest = ordered[-1]
    found = _MODULAR.search(newest)
    if found is None:
        return newest
    return next(version for version in ordered if version.startswith(newest[: found.start()]))


def _restart(element: Element) -> Restart:
    hints = {child.tag for package in element.descendants("package") for child in package.children}
    if "reboot_suggested" in hints:
        return Restart.REBOOT
    if "restart_suggested" in hints:
        return Restart.SERVICE
    return Restart.SESSION if "relogin_suggested" in hints else Restart.NONE


def _date(element: Element, tag: str) -> str:
    child = element.first(tag)
    return child.get("date")[:10] if child is not None else ""
