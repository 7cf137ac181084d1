"""Golden tests of feeds: small native documents, and the expected statements beside them."""

import os
from pathlib import Path

import msgspec

from openinspector.feed import Document, Feed, Parsed, Source, Unparsed
from openinspector.model.advisory import Advisory, Vulnerability


def documents_in(folder: Path) -> tuple[Document, ...]:
    """Return every file of ``folder/upstream`` as a document, by name."""
    files = sorted(path for path in (folder / "upstream").rglob("*") if path.is_file())
    return tuple(
        Document(
            source=Source(
                name=path.relative_to(folder / "upstream").as_posix(), url=f"https://feed.example/{path.name}"
            ),
            content=path.read_bytes(),
        )
        for path in files
    )


class Golden:
    """A feed's results for the documents in a folder."""

    def __init__(self, feed: Feed, folder: Path) -> None:
        self._path = folder / "expected.json"
        self.parsed: tuple[Parsed, ...] = tuple(feed.parse(documents_in(folder)))

    @property
    def advisories(self) -> tuple[Advisory, ...]:
        """The advisories, in order."""
        return tuple(found for found in self.parsed if isinstance(found, Advisory))

    @property
    def vulnerabilities(self) -> tuple[Vulnerability, ...]:
        """The descriptions of CVEs, in order."""
        return tuple(found for found in self.parsed if isinstance(found, Vulnerability))

    @property
    def unparsed(self) -> tuple[Unparsed, ...]:
        """The entries that could not be parsed, in order."""
        return tuple(found for found in self.parsed if isinstance(found, Unparsed))

    def advisory(self, identity: str) -> Advisory:
        """Return the only advisory of that id."""
        (found,) = (advisory for advisory in self.advisories if advisory.id == identity)
        return found

    def check(self) -> None:
        """Compare with the golden file; ``OPENINSPECTOR_GOLDEN=write`` writes it (`make golden`)."""
        found = msgspec.json.format(msgspec.json.encode(self.parsed), indent=2) + b"\n"
        if os.environ.get("OPENINSPECTOR_GOLDEN") == "write":
            self._path.write_bytes(found)
        assert found.decode() == self._path.read_text()
