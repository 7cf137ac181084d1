from tests.howto.example_linux import FEED, URL

from openinspector.feed import Document, Source, Unparsed
from openinspector.testing.conformance.feed import FeedConformance

ENTRY = b'{"id": "%s", "cves": ["CVE-2026-0001"], "release": "9", "package": "bash", "fixed": "%s"}'


def document(*entries: bytes) -> Document:
    return Document(source=Source(name="all.json", url=URL), content=b"[" + b",".join(entries) + b"]")


class TestExampleLinux(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return (document(ENTRY % (b"EL-1", b"5.1-2.el9"), ENTRY % (b"EL-2", b"5.1-3.el9")),)


def test_an_entry_without_a_usable_version_is_counted() -> None:
    (found,) = FEED.parse([document(ENTRY % (b"EL-1", b"not a version"))])
    assert found == Unparsed(document="all.json", entry="EL-1", reason="not a version of rpm")
