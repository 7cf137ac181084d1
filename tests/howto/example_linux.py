"""Errata of Example Linux: one JSON list of entries with id, CVE ids, package, fixed version."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from openinspector.feed import Document, Feed, Source, Unparsed
from openinspector.model.advisory import Advisory, Fix, PackageKind, Target
from openinspector.versions.rpm import SCHEME

URL: Final = "https://errata.example/all.json"


class _Erratum(msgspec.Struct, frozen=True):
    id: str
    cves: tuple[str, ...]
    release: str
    package: str
    fixed: str


_DECODER: Final = msgspec.json.Decoder(list[_Erratum])


def parse(documents: Iterable[Document]) -> Iterator[Advisory | Unparsed]:
    """Yield an advisory for each erratum; an entry that cannot be read is counted."""
    for document in documents:
        try:
            entries = _DECODER.decode(document.content)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            yield Unparsed(document=document.source.name, entry="", reason=str(error))
            continue
        for entry in entries:
            if not SCHEME.is_valid(entry.fixed):
                yield Unparsed(document=document.source.name, entry=entry.id, reason="not a version of rpm")
                continue
            target = Target(stream=f"example:{entry.release}", kind=PackageKind.BINARY, name=entry.package)
            fix = Fix(target=target, version=entry.fixed)
            yield Advisory(id=entry.id, feed="example_linux", vulnerabilities=entry.cves, fixes=(fix,))


FEED: Final = Feed(
    name="example_linux",
    title="Example Linux errata",
    publisher_url="https://errata.example/",
    licence="CC-BY-4.0",
    roots=(Source(name="all.json", url=URL),),
    version_scheme="rpm",
    distributions=("example",),
    parse=parse,
)
