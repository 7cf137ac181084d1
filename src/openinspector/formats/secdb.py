"""Alpine's security database: the packages of a repository, each with the CVEs that a version fixes.

https://secdb.alpinelinux.org/. Rules:

- A package's ``secfixes`` maps a version to the vulnerabilities that it fixes. Version ``0`` means that the package was
  never affected by them.
- An entry may contain several ids in one text, with the publisher's other names for the same flaw. Other ids are kept
  if an entry has no CVE, so that a fix is never lost.
- The database states nothing about vulnerabilities without a fix.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from openinspector.feed import Document, Parsed, Unparsed
from openinspector.model.advisory import Advisory, Fix, FixState, PackageKind, Status, Target
from openinspector.version import VersionScheme

_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecdbDialect:
    """Differences between publishers."""

    feed: str
    scheme: VersionScheme
    stream: Callable[[str], str]
    """Return the stream of a repository by its ``distroversion``; empty if unknown."""
    page: Callable[[str], str]
    """Return the publisher's page of a vulnerability."""


class _Package(msgspec.Struct, frozen=True):
    name: str
    secfixes: dict[str, list[str] | None] = {}


class _Entry(msgspec.Struct, frozen=True):
    pkg: _Package


class _Repository(msgspec.Struct, frozen=True):
    distroversion: str
    packages: tuple[_Entry, ...] | None = ()


_DECODER: Final = msgspec.json.Decoder(_Repository)


def parse(documents: Iterable[Document], dialect: SecdbDialect) -> Iterator[Parsed]:
    """Yield one advisory per vulnerability and stream, and entries that could not be parsed."""
    statements: dict[tuple[str, str], list[Fix | Status]] = {}
    for document in documents:
        name = document.source.name
        try:
            repository = _DECODER.decode(document.content)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            yield Unparsed(document=name, entry="", reason=f"not a security database: {error}")
            continue
        stream = dialect.stream(repository.distroversion)
        if not stream:
            yield Unparsed(document=name, entry=repository.distroversion[:64], reason="no release known here")
            continue
        for entry in repository.packages or ():
            for identity, statement in _statements(entry.pkg, stream, dialect):
                if statement is None:
                    yield Unparsed(document=name, entry=f"{entry.pkg.name} {identity}"[:200], reason="not a version")
                else:
                    statements.setdefault((identity, stream), []).append(statement)
    for identity, stream in sorted(statements):
        yield _advisory(dialect, identity, statements[identity, stream])


def _statements(package: _Package, stream: str, dialect: SecdbDialect) -> Iterator[tuple[str, Fix | Status | None]]:
    """Yield (vulnerability, statement) of a package; (version, None) if the version cannot be ordered."""
    target = Target(stream=stream, kind=PackageKind.SOURCE, name=package.name)
    for version, texts in package.secfixes.items():
        statement: Fix | Status
        if version == "0":
            statement = Status(target=target, state=FixState.NOT_AFFECTED, word="not affected")
        elif dialect.scheme.is_valid(version):
            statement = Fix(target=target, version=version)
        else:
            yield version, None
            continue
        for identity in _identities(texts or ()):
            yield identity, statement


def _identities(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        found = _CVE.findall(text)
        yield from dict.fromkeys(found or text.split()[:1])


def _advisory(dialect: SecdbDialect, identity: str, statements: Iterable[Fix | Status]) -> Advisory:
    return Advisory(
        id=identity,
        feed=dialect.feed,
        vulnerabilities=(identity,) if _CVE.fullmatch(identity) else (),
        fixes=_newest((one for one in statements if isinstance(one, Fix)), dialect.scheme),
        statuses=tuple(dict.fromkeys(one for one in statements if isinstance(one, Status))),
        references=(dialect.page(identity),),
    )


def _newest(fixes: Iterable[Fix], scheme: VersionScheme) -> tuple[Fix, ...]:
    """Return one fix per package: the newest version listed, because an earlier fix was then incomplete."""
    newest: dict[Target, Fix] = {}
    for fix in fixes:
        known = newest.get(fix.target)
        if known is None or scheme.compare(known.version, fix.version) < 0:
            newest[fix.target] = fix
    return tuple(newest.values())
