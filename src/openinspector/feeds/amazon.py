"""Amazon Linux security advisories (ALAS): the updateinfo.xml of every repository of Amazon Linux 1, 2, 2022 and 2023.

- ``mirror.list`` of a repository names the folder with its repomd.xml.
- Extras of Amazon Linux 2 are separate repositories. Their packages have the names of the core's and their own version
  numbering: each topic is a stream, ``amzn:2+kernel-5.15``. ``extras-catalog.json`` lists the topics.
- A kernel live patch has its own package name for each kernel; its advisories are only about that package.
- Amazon publishes no statement about vulnerabilities without a fix.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from openinspector.feed import Document, Feed, Parsed, Source
from openinspector.formats import repomd, rpm_streams, updateinfo

NAME: Final = "amazon"
_CDN: Final = "https://cdn.amazonlinux.com"
_CATALOG: Final = "2/extras-catalog.json"
_MIRROR_LIST: Final = "mirror.list"
_ARCHITECTURES: Final = ("x86_64", "aarch64")
_DIALECT: Final = updateinfo.UpdateinfoDialect(
    feed=NAME, stream=rpm_streams.amazon, page=lambda identity: f"https://alas.aws.amazon.com/{_page(identity)}.html"
)


class _Topic(msgspec.Struct, frozen=True):
    name: str = msgspec.field(name="n", default="")


class _Catalog(msgspec.Struct, frozen=True):
    topics: tuple[_Topic, ...] = ()


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield the advisories, and entries that could not be parsed."""
    read = (d for d in documents if not d.source.name.endswith((_MIRROR_LIST, _CATALOG.rpartition("/")[2])))
    yield from updateinfo.parse(read, _DIALECT)


def follow(document: Document) -> Iterable[Source]:
    """Follow the catalogue to the topics, a mirror list to the repository, and the repository to its lists."""
    name = document.source.name
    if name.endswith("extras-catalog.json"):
        yield from _topics(document)
    elif name.endswith(_MIRROR_LIST):
        first = document.content.decode("utf-8", "replace").split("\n", 1)[0].strip()
        if first.startswith("https://"):
            folder = name.rpartition("/")[0]
            yield Source(name=f"{folder}/repomd.xml", url=f"{first.rstrip('/')}/repodata/repomd.xml", optional=True)
    else:
        yield from repomd.follow(document)


def _topics(document: Document) -> Iterator[Source]:
    try:
        catalog = msgspec.json.decode(document.content, type=_Catalog)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return
    for topic in catalog.topics:
        if topic.name and "/" not in topic.name and ".." not in topic.name:
            for architecture in _ARCHITECTURES:
                path = f"2/extras/{topic.name}/latest/{architecture}/{_MIRROR_LIST}"
                yield Source(name=path, url=f"{_CDN}/{path}", optional=True)


def _page(identity: str) -> str:
    if identity.startswith("ALAS2023"):
        return f"AL2023/{identity.replace('ALAS2023-', 'ALAS-', 1)}"
    return f"AL2/{identity.replace('ALAS2-', 'ALAS-', 1)}" if identity.startswith("ALAS2") else identity


def _roots() -> tuple[Source, ...]:
    paths = [f"2/core/latest/{architecture}" for architecture in _ARCHITECTURES]
    paths += [f"al2023/core/mirrors/latest/{architecture}" for architecture in _ARCHITECTURES]
    paths += [f"al2023/kernel-livepatch/mirrors/latest/{architecture}" for architecture in _ARCHITECTURES]
    lists = (
        Source(name=f"{path}/{_MIRROR_LIST}", url=f"{_CDN}/{path}/{_MIRROR_LIST}", optional=True) for path in paths
    )
    return (Source(name=_CATALOG, url=f"{_CDN}/{_CATALOG}", optional=True), *lists)


FEED: Final = Feed(
    name=NAME,
    title="Amazon Linux security advisories",
    publisher_url="https://alas.aws.amazon.com/",
    roots=_roots(),
    version_scheme="rpm",
    distributions=("amzn",),
    parse=parse,
    follow=follow,
    licence="Amazon (no licence stated; repository metadata)",
    fixed_only=True,
)
