"""The conformance suite of feeds, for built-in and third-party ones.

Subclass `FeedConformance` in a test module, name the class ``Test...``, set ``feed`` and make ``documents`` return a
few real documents of the publisher; pytest does the rest.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from openinspector.feed import Document, Feed, Source, Unparsed
from openinspector.model.advisory import Advisory, Fix, Status, Vulnerability
from openinspector.plugins import discover
from openinspector.version import VersionScheme

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_STREAM = re.compile(r"[a-z][a-z0-9._-]*:[A-Za-z0-9._-]*(?:\+[A-Za-z0-9._-]+)?")
_CUTS = 32

GARBAGE: Mapping[str, bytes] = {
    "empty": b"",
    "space": b" \n",
    "null": b"null",
    "number": b"1e999",
    "text": b'"text"',
    "not UTF-8": b'{"id": "\xff\xfe\x00"}',
    "zeros": bytes(4096),
    "deep list": b"[" * 200_000,
    "deep object": b'{"a":' * 200_000,
    "wrong types": b'{"id": 1, "affected": {"a": []}, "references": "x"}',
    "list of nothing": b"[null, 1, [], {}]",
    "archive": b"PK\x03\x04" + bytes(64),
    "XML bomb": b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
    "long line": b"x" * 1_000_000,
}
"""Invalid documents by description."""


class FeedConformance:
    """Inherit, set ``feed``, override ``documents``."""

    feed: Feed

    def documents(self) -> tuple[Document, ...]:
        """Return a few real documents with at least one advisory."""
        raise NotImplementedError

    def test_roots_are_fetched_over_tls(self) -> None:
        """Advisories that can be changed in transit are worthless."""
        for source in self.feed.roots:
            assert source.url.startswith("https://"), source
            assert source.name
            assert not source.name.startswith("/")
            assert ".." not in source.name.split("/")
            assert source.max_bytes > 0

    def test_names_a_version_scheme_that_exists(self) -> None:
        """Without one, fixed versions cannot be compared; feeds about vulnerabilities have no versions."""
        assert (self.feed.version_scheme in _schemes()) == bool(self.feed.distributions)

    def test_parses_its_documents(self) -> None:
        """Every advisory is complete: ids, distributions, versions that its scheme accepts."""
        advisories = _advisories(self.feed, self.documents())
        assert bool(advisories) == bool(self.feed.distributions)
        assert any(not isinstance(found, Unparsed) for found in self.feed.parse(self.documents()))
        for advisory in advisories:
            assert advisory.feed == self.feed.name, advisory
            assert advisory.id, advisory
            assert advisory.id.strip() == advisory.id, advisory
            assert all(_CVE.fullmatch(name) for name in advisory.vulnerabilities), advisory
            assert len(set(advisory.vulnerabilities)) == len(advisory.vulnerabilities), advisory
            assert all(url.startswith(("https://", "http://")) for url in advisory.references), advisory
            assert advisory.fixes or advisory.statuses or advisory.remedies, advisory
            for statement in advisory.statements:
                self._check_statement(advisory, statement)

    def test_an_advisory_has_one_record(self) -> None:
        seen = [
            (advisory.id, advisory.vulnerabilities, stream, kind)
            for advisory in _advisories(self.feed, self.documents())
            for stream, kind in {(one.target.stream, type(one)) for one in advisory.statements}
        ]
        assert len(set(seen)) == len(seen)

    def test_documents_are_independent_if_declared(self) -> None:
        """Several documents yield the sum of what each yields, so a sync can parse only the changed ones."""
        if self.feed.by_document:
            documents = self.documents()
            alone = [found for document in documents for found in self.feed.parse([document])]
            assert alone == list(self.feed.parse(documents))

    def test_names_its_licence(self) -> None:
        """`feeds list` shows it."""
        assert self.feed.licence

    def test_parsing_is_deterministic(self) -> None:
        """The same documents give the same advisories; their order does not matter."""
        documents = self.documents()
        first = _advisories(self.feed, documents)
        assert _advisories(self.feed, documents) == first
        assert set(_advisories(self.feed, documents[::-1])) == set(first)

    def test_survives_garbage(self) -> None:
        """No bytes make it raise; unreadable entries are reported."""
        for document in self.documents():
            for what, content in GARBAGE.items():
                found = list(self.feed.parse([replace(document, content=content)]))
                assert not [one for one in found if not isinstance(one, Unparsed)], what

    def test_survives_truncation(self) -> None:
        """A document cut off anywhere raises nothing."""
        for document in self.documents():
            size = len(document.content)
            for cut in {size * step // _CUTS for step in range(_CUTS)}:
                for found in self.feed.parse([replace(document, content=document.content[:cut])]):
                    assert isinstance(found, Advisory | Vulnerability | Unparsed)

    def test_survives_strange_names(self) -> None:
        """A document with an unknown name does no harm."""
        for document in self.documents():
            for name in ("", "/", "..", "README.md", "x.zip", "\udcff.json"):
                source = Source(name=name, url=document.source.url)
                for found in self.feed.parse([replace(document, source=source)]):
                    assert isinstance(found, Advisory | Vulnerability | Unparsed)

    def test_follow_leads_to_tls_only(self) -> None:
        """Linked documents are fetched over TLS too."""
        for document in self.documents():
            for content in (document.content, *GARBAGE.values()):
                for source in self.feed.follow(replace(document, content=content)):
                    assert source.url.startswith("https://"), source

    def _check_statement(self, advisory: Advisory, statement: Fix | Status) -> None:
        scheme = _schemes()[self.feed.version_scheme]
        target = statement.target
        assert _STREAM.fullmatch(target.stream), statement
        assert target.stream.partition(":")[0] in self.feed.distributions, statement
        assert target.name, statement
        match statement:
            case Fix():
                assert scheme.is_valid(statement.version), statement
                assert not statement.introduced or scheme.is_valid(statement.introduced), statement
            case Status():
                assert not statement.vulnerability or statement.vulnerability in advisory.identities, statement


def _advisories(feed: Feed, documents: Iterable[Document]) -> list[Advisory]:
    return [found for found in feed.parse(documents) if isinstance(found, Advisory)]


def _schemes() -> Mapping[str, VersionScheme]:
    return discover("openinspector.versions", "SCHEME", VersionScheme)
