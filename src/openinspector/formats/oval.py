"""OVAL definitions of rpm distributions (https://oval.mitre.org/language/version5.11/), read as statements.

A definition is a tree of criteria over tests. A test is an object (a package name) and a state. Rules:

- A state ``evr less than V`` is a fix in V; ``evr greater than or equal`` beside it is the first affected version.
- A state of an architecture, and a test that a release or a module is installed, limit the criteria beside and below
  them. A test of a signing key limits nothing: it requires the vendor's own build (`openinspector.engine.streams`).
- Under OR each branch is a separate statement.
- If a test, object or state is missing, the criteria that depend on it are counted as not parsed; the rest of the
  definition counts.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from openinspector.feed import Document, Parsed, Unparsed
from openinspector.formats.xml_elements import Element, XmlError, elements
from openinspector.model.advisory import (
    NOT_MODULAR,
    Advisory,
    Fix,
    PackageKind,
    Priority,
    Score,
    Target,
    Vulnerability,
)
from openinspector.version import VersionScheme

_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_RELEASE: Final = re.compile(r"Linux (?:AS |ES )?(?:release )?([0-9]+)(?:\.[0-9]+)? is installed")
_MODULE: Final = re.compile(r"[Mm]odule ([A-Za-z0-9_.+-]+:[A-Za-z0-9_.+-]+) is enabled")
_ARCHITECTURE: Final = re.compile(r"[a-z0-9_]+")
_CVSS3: Final = re.compile(r"([0-9]{1,2}\.[0-9])/(CVSS:(3\.[01])/\S+)")
_CVSS2: Final = re.compile(r"([0-9]{1,2}\.[0-9])/(AV:\S+)")
_SUMMARY: Final = 2000
_TAGS: Final = frozenset({"definition", "rpminfo_test", "rpminfo_object", "rpminfo_state"})
_PRIORITIES: Final[Mapping[str, Priority]] = {
    "critical": Priority.HIGH,
    "important": Priority.HIGH,
    "high": Priority.HIGH,
    "moderate": Priority.MEDIUM,
    "medium": Priority.MEDIUM,
    "low": Priority.LOW,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OvalDialect:
    """Differences between publishers."""

    feed: str
    scheme: VersionScheme
    stream: Callable[[str, str], str]
    """Return the stream for the release that a test names (may be empty) and the document's name."""
    identity: Callable[[Element, str], str]
    """Return the advisory's id by its definition and its title."""
    page: Callable[[str], str]
    kind: PackageKind = PackageKind.BINARY
    flavour: Callable[[str], str] = lambda _version: ""
    """Return the flavour of a build."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    fixed: str = ""
    introduced: str = ""
    architectures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    """The limits that the criteria above a test set."""

    release: str = ""
    module: str = ""
    architectures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Definition:
    id: str
    vulnerabilities: tuple[str, ...]
    advisory: Advisory
    tests: tuple[tuple[_Context, tuple[str, ...]], ...]
    """The tests under one AND, with their context."""
    scores: tuple[Vulnerability, ...]


@dataclass(slots=True)
class _Read:
    definitions: list[_Definition] = field(default_factory=list)
    tests: dict[str, tuple[str, str]] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)
    states: dict[str, _State] = field(default_factory=dict)


def parse(documents: Iterable[Document], dialect: OvalDialect) -> Iterator[Parsed]:
    """Yield one advisory per definition, its scores, and entries that could not be parsed."""
    for document in documents:
        name = document.source.name
        read = _Read()
        try:
            for element in elements(document.content, _TAGS):
                _take(element, read, dialect)
        except XmlError as error:
            yield Unparsed(document=name, entry="", reason=str(error))
            continue
        if not read.definitions:
            yield Unparsed(document=name, entry="", reason="no OVAL definition")
        for definition in read.definitions:
            yield from _statements(name, definition, read, dialect)


def _take(element: Element, read: _Read, dialect: OvalDialect) -> None:
    identity = element.get("id")
    match element.tag:
        case "definition":
            if element.get("class") in ("patch", "vulnerability"):
                read.definitions.append(_definition(element, dialect))
        case "rpminfo_test":
            tested, state = element.first("object"), element.first("state")
            if tested is not None:
                read.tests[identity] = tested.get("object_ref"), state.get("state_ref") if state is not None else ""
        case "rpminfo_object":
            read.objects[identity] = element.text_of("name")
        case _:
            read.states[identity] = _state(element)


def _state(element: Element) -> _State:
    fixed = introduced = ""
    for evr in element.all("evr"):
        match evr.get("operation"):
            case "less than":
                fixed = evr.text.strip()
            case "greater than or equal":
                introduced = evr.text.strip()
            case _:
                pass
    names = _ARCHITECTURE.findall(element.text_of("arch"))
    return _State(fixed=_plain(fixed), introduced=_plain(introduced), architectures=tuple(sorted(set(names))))


def _plain(evr: str) -> str:
    return evr.removeprefix("0:").removeprefix("(none):")


def _definition(element: Element, dialect: OvalDialect) -> _Definition:
    metadata = element.first("metadata") or element
    title = " ".join(metadata.text_of("title").split())
    advisory = metadata.first("advisory") or metadata
    word = advisory.text_of("severity") or metadata.text_of("severity")
    references = list(metadata.all("reference"))
    named = [ref.get("ref_id") for ref in references if ref.get("source").upper() == "CVE"]
    named += [cve.text.strip() for cve in advisory.all("cve")]
    vulnerabilities = tuple(dict.fromkeys(name for name in named if _CVE.fullmatch(name)))
    identity = dialect.identity(element, title)
    issued = advisory.first("issued")
    links = (ref.get("ref_url") for ref in references)
    made = Advisory(
        id=identity,
        feed=dialect.feed,
        vulnerabilities=vulnerabilities,
        summary="\n\n".join(text for text in (title, metadata.text_of("description")) if text)[:_SUMMARY],
        severity=word,
        priority=_PRIORITIES.get(word.lower(), Priority.UNSPECIFIED),
        references=tuple(
            dict.fromkeys(url for url in (dialect.page(identity), *links) if url.startswith(("https://", "http://")))
        ),
        published=(issued.get("date") if issued is not None else metadata.text_of("advisory_date"))[:10],
    )
    criteria = element.first("criteria")
    return _Definition(
        id=element.get("id"),
        vulnerabilities=vulnerabilities,
        advisory=made,
        tests=tuple(_conjunctions(criteria, _Context())) if criteria is not None else (),
        scores=tuple(_scores(advisory, dialect.feed)),
    )


def _conjunctions(criteria: Element, above: _Context) -> Iterator[tuple[_Context, tuple[str, ...]]]:
    leaves = list(criteria.all("criterion"))
    groups = list(criteria.all("criteria"))
    if criteria.get("operator") == "OR":
        for leaf in leaves:
            yield _narrowed(above, (leaf,)), (leaf.get("test_ref"),)
        for group in groups:
            yield from _conjunctions(group, above)
        return
    context = _narrowed(above, leaves)
    if leaves:
        yield context, tuple(leaf.get("test_ref") for leaf in leaves)
    for group in groups:
        if group.get("operator") == "OR" and not list(group.all("criteria")):
            # alternatives of one kind: releases or architectures
            narrowed = [_narrowed(context, (leaf,)) for leaf in group.all("criterion")]
            if any(found != context for found in narrowed):
                context = narrowed[0] if len(set(narrowed)) == 1 else context
        yield from _conjunctions(group, context)


def _narrowed(above: _Context, leaves: Iterable[Element]) -> _Context:
    context = above
    for leaf in leaves:
        comment = leaf.get("comment")
        release, module = _RELEASE.search(comment), _MODULE.search(comment)
        if release is not None:
            context = replace(context, release=release[1])
        if module is not None:
            context = replace(context, module=module[1])
        if " arch is " in comment:
            context = replace(context, architectures=(comment.rpartition(" arch is ")[2].strip(),))
    return context


def _scores(advisory: Element, origin: str) -> Iterator[Vulnerability]:
    for cve in advisory.all("cve"):
        name = cve.text.strip()
        scores = []
        newer, older = _CVSS3.fullmatch(cve.get("cvss3")), _CVSS2.fullmatch(cve.get("cvss2"))
        if newer is not None:
            scores.append(Score(version=newer[3], base=float(newer[1]), vector=newer[2], origin=origin))
        if older is not None:
            scores.append(Score(version="2.0", base=float(older[1]), vector=older[2], origin=origin))
        if _CVE.fullmatch(name) and scores:
            yield Vulnerability(id=name, scores=tuple(scores))


def _statements(document: str, definition: _Definition, read: _Read, dialect: OvalDialect) -> Iterator[Parsed]:
    built: dict[tuple[Target, str, str], set[str]] = {}
    missing = 0
    for context, references in definition.tests:
        found = [read.tests.get(reference) for reference in references]
        missing += sum(test is None for test in found)
        introduced = {
            name: state.introduced
            for name, state in (_resolved(test, read) for test in found if test is not None)
            if state.introduced
        }
        for name, state in (_resolved(test, read) for test in found if test is not None):
            if not state.fixed:
                continue
            target = _target(name, state, context, document, dialect)
            if target is None or not dialect.scheme.is_valid(state.fixed):
                missing += 1
                continue
            architectures = context.architectures or state.architectures or ("",)
            built.setdefault((target, state.fixed, introduced.get(name, "")), set()).update(architectures)
    if missing:
        reason = f"{missing} tests that are not there or not of this scheme"
        yield Unparsed(document=document, entry=definition.advisory.id or definition.id, reason=reason)
    yield from definition.scores
    if built and definition.advisory.id:
        yield replace(definition.advisory, fixes=tuple(_fixes(built)))


def _fixes(built: Mapping[tuple[Target, str, str], set[str]]) -> Iterator[Fix]:
    for (target, version, introduced), architectures in built.items():
        limits = () if "" in architectures else tuple(sorted({*architectures, "noarch"}))
        yield Fix(target=replace(target, architectures=limits), version=version, introduced=introduced)


def _resolved(test: tuple[str, str], read: _Read) -> tuple[str, _State]:
    return read.objects.get(test[0], ""), read.states.get(test[1], _State())


def _target(name: str, state: _State, context: _Context, document: str, dialect: OvalDialect) -> Target | None:
    stream = dialect.stream(context.release, document)
    if not stream or not name:
        return None
    modular = ".module" in state.fixed
    if modular and not context.module:
        return None
    return Target(
        stream=stream,
        kind=dialect.kind,
        name=name,
        module=context.module if modular else NOT_MODULAR,
        flavour=dialect.flavour(state.fixed),
    )
