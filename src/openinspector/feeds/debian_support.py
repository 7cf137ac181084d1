"""Source packages whose security support in Debian ended or is limited, from the package debian-security-support.

``security-support-ended.deb12`` has lines of source, last supported version, day and reason;
``security-support-limited`` of source and reason. Mirrors have the package; its source is
https://salsa.debian.org/debian/debian-security-support.

- The end of support is a statement about a source, not about a CVE: one advisory per source, without CVEs.
- Limited support is advice on how to use a package, and is skipped.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.feed import Document, Feed, Parsed, Source, Unparsed
from openinspector.model.advisory import Advisory, FixState, PackageKind, Priority, Status, Target

NAME: Final = "debian_support"
_RAW: Final = "https://salsa.debian.org/debian/debian-security-support/-/raw/master"
_ENDED: Final = re.compile(r"security-support-ended\.deb([0-9]+)$")
_LINE: Final = re.compile(r"([a-z0-9][a-z0-9+.-]*)\s+(\S+)\s+([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\s+(.*))?")
_PAGE: Final = "https://tracker.debian.org/pkg/debian-security-support"


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield one advisory per source and release whose support ended, and entries that could not be parsed."""
    for document in documents:
        name = document.source.name
        release = _ENDED.search(name)
        if release is None:
            if not name.rpartition("/")[2].startswith("security-support-"):
                yield Unparsed(document=name, entry="", reason="not a list of security-support-ended.deb<release>")
            continue
        for number, line in enumerate(document.content.decode("utf-8", "replace").splitlines(), start=1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            found = _LINE.fullmatch(text[:2000])
            if found is None:
                yield Unparsed(document=name, entry=f"line {number}", reason="not source, version and day")
                continue
            yield _advisory(f"debian:{release[1]}", *found.groups(default=""))


def _advisory(stream: str, source: str, version: str, day: str, reason: str) -> Advisory:
    target = Target(stream=stream, kind=PackageKind.SOURCE, name=source)
    word = f"security support ended on {day}" + (f" ({reason})" if reason else "")
    return Advisory(
        id=f"unsupported {source} in {stream}",
        feed=NAME,
        vulnerabilities=(),
        statuses=(Status(target=target, state=FixState.END_OF_LIFE, word=word),),
        summary=f"Security support of {source} ended on {day}, at version {version}. {reason}".strip(),
        priority=Priority.NEGLIGIBLE,
        references=(_PAGE,),
        published=day,
    )


FEED: Final = Feed(
    name=NAME,
    title="Debian security support",
    publisher_url=_PAGE,
    roots=tuple(
        Source(
            name=f"security-support-ended.deb{release}",
            url=f"{_RAW}/security-support-ended.deb{release}",
            optional=True,
        )
        for release in (11, 12, 13)
    ),
    version_scheme="dpkg",
    distributions=("debian",),
    parse=parse,
    licence="GPL-2.0-only",
    by_document=True,
)
