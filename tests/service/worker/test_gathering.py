import gzip
import hashlib
import io
import ssl
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.feed import Document, Feed, Source, Unparsed, follow_nothing
from openinspector.feeds.updateinfo import FEED as UPDATEINFO
from openinspector.model.advisory import Advisory
from openinspector.model.errors import FeedError
from openinspector.service.worker.feed_storing import Gathered
from openinspector.service.worker.fetch import Fetcher, FetchError
from openinspector.service.worker.gathering import fingerprint, gather, local_path, no_progress
from openinspector.testing.document_server import DocumentServer
from openinspector.testing.throwaway_authority import ThrowawayAuthority


def parse_nothing(_documents: Iterable[Document]) -> Iterator[Advisory | Unparsed]:
    yield from ()


def follow_lines(document: Document) -> Iterable[Source]:
    base = document.source.url.rpartition("/")[0]
    if document.source.name == "index":
        for line in document.content.decode().split():
            yield Source(name=line, url=line if "://" in line else f"{base}/{line}")


def feed(*roots: Source, leads_on: bool = False) -> Feed:
    return Feed(
        name="widgets",
        title="Widgets",
        publisher_url="https://feed.example/",
        roots=roots,
        version_scheme="dpkg",
        distributions=("debian",),
        parse=parse_nothing,
        follow=follow_lines if leads_on else follow_nothing,
    )


LISTS = (Source(name="A/list", url="https://feed.example/a"), Source(name="B/list", url="https://feed.example/b"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "folder"
    path.mkdir()
    return path


def from_disk(wanted: Feed, path: Path, workspace: Path) -> Gathered:
    with Fetcher(workspace, files_within=path) as fetcher:
        return gather(wanted, fetcher, str(path), no_progress)


def contents(gathered: Gathered) -> dict[str, bytes]:
    return {document.source.name: document.content for document in gathered.documents()}


def write(folder: Path, **files: bytes) -> None:
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def test_a_folders_roots_are_found_by_name_wherever_they_are(folder: Path, tmp_path: Path) -> None:
    write(folder, data__A__list=b"a", data__B__list=b"b", data__C__list=b"c", README=b"r")
    found = from_disk(feed(*LISTS), folder, tmp_path / "w")
    assert contents(found) == {"A/list": b"a", "B/list": b"b"}
    assert found.origin == str(folder)


def test_compressed_roots_are_found_and_opened(folder: Path, tmp_path: Path) -> None:
    (folder / "A").mkdir()
    (folder / "A" / "list.gz").write_bytes(gzip.compress(b"a"))
    assert contents(from_disk(feed(*LISTS), folder, tmp_path / "w")) == {"A/list": b"a"}


def test_a_folder_without_the_roots_is_all_documents(folder: Path, tmp_path: Path) -> None:
    write(folder, x__1=b"1", y=b"2", **{".git__HEAD": b"no"})
    assert contents(from_disk(feed(*LISTS), folder, tmp_path / "w")) == {"x/1": b"1", "y": b"2"}


def test_a_file_is_the_only_root(folder: Path, tmp_path: Path) -> None:
    write(folder, anything=b"a")
    assert contents(from_disk(feed(LISTS[0]), folder / "anything", tmp_path / "w")) == {"A/list": b"a"}


def test_an_archive_is_a_folder(folder: Path, tmp_path: Path) -> None:
    path = folder / "lists.tar.xz"
    path.write_bytes(archive({"top/A/list": b"a", "top/B/list": b"b", "top/C/list": b"c"}))
    found = contents(from_disk(feed(*LISTS), path, tmp_path / "w"))
    assert found == {"lists/top/A/list": b"a", "lists/top/B/list": b"b"}
    path.write_bytes(archive({"x/1.json": b"1"}))
    assert contents(from_disk(feed(*LISTS), path, tmp_path / "w")) == {"lists/x/1.json": b"1"}


@pytest.mark.parametrize("what", ["absent", "empty"])
def test_missing_or_empty_folder_is_an_error(folder: Path, tmp_path: Path, what: str) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(FetchError, match=what):
        from_disk(feed(*LISTS), folder / what, tmp_path / "w")


def test_follows_each_document_once(folder: Path, tmp_path: Path) -> None:
    write(folder, index=b"one two one index", one=b"1", two=b"2")
    found = from_disk(feed(Source(name="index", url="https://feed.example/index"), leads_on=True), folder, tmp_path)
    assert contents(found) == {"index": b"one two one index", "one": b"1", "two": b"2"}


def test_does_not_follow_out_of_the_folder(folder: Path, tmp_path: Path) -> None:
    write(folder, index=b"file:///etc/hostname")
    leading = feed(Source(name="index", url="https://feed.example/index"), leads_on=True)
    with pytest.raises(FetchError, match="outside the folder"):
        from_disk(leading, folder, tmp_path / "w")


def test_a_mirror_and_a_single_document_over_tls(folder: Path, tmp_path: Path) -> None:
    authority = ThrowawayAuthority(tmp_path)
    write(folder, A__list=b"a", B__list=b"b")
    tls = ssl.create_default_context(cafile=str(authority.ca_file))
    with (
        DocumentServer(folder, authority.server_context()) as server,
        Fetcher(tmp_path / "w", tls=tls) as fetcher,
    ):
        mirrored = gather(feed(*LISTS), fetcher, f"{server.url}/", no_progress)
        assert contents(mirrored) == {"A/list": b"a", "B/list": b"b"}
        assert set(mirrored.validators) == {"A/list", "B/list"}
        assert mirrored.published_at is not None
        assert mirrored.transferred_bytes == 2
        own = feed(Source(name="A/list", url=f"{server.url}/A/list"))
        assert gather(own, fetcher, "", no_progress).origin == f"{server.url}/A/list"
        assert contents(gather(feed(LISTS[0]), fetcher, f"{server.url}/B/list", no_progress)) == {"A/list": b"b"}
        with pytest.raises(FeedError, match="2 documents"):
            gather(feed(*LISTS), fetcher, f"{server.url}/A/list", no_progress)


def test_a_repository_is_read_from_the_first_mirror_that_has_it(folder: Path, tmp_path: Path) -> None:
    """From its list of mirrors to its errata, whose addresses are below the mirror that answered."""
    errata = b"<updates></updates>"
    index = (
        f'<repomd><data type="updateinfo"><checksum type="sha256">{hashlib.sha256(errata).hexdigest()}</checksum>'
        '<location href="repodata/updateinfo.xml"/></data></repomd>'
    ).encode()
    authority = ThrowawayAuthority(tmp_path)
    tls = ssl.create_default_context(cafile=str(authority.ca_file))
    with (
        DocumentServer(folder, authority.server_context()) as server,
        Fetcher(tmp_path / "w", tls=tls) as fetcher,
    ):
        write(folder, list=f"{server.url}/gone/\n{server.url}/there/".encode())
        write(folder, there__repodata__repomd_xml=b"")
        (folder / "there" / "repodata" / "repomd.xml").write_bytes(index)
        (folder / "there" / "repodata" / "updateinfo.xml").write_bytes(errata)
        root = Source(name="baseos/mirrors", url=f"{server.url}/list")
        found = gather(replace(UPDATEINFO, roots=(root,)), fetcher, "", no_progress)
        assert contents(found)["baseos/updateinfo.xml"] == errata
        assert server.requests[1:] == [
            ("/gone/repodata/repomd.xml", 404),
            ("/there/repodata/repomd.xml", 200),
            ("/there/repodata/updateinfo.xml", 200),
        ]


def test_feed_without_roots_requires_an_origin(tmp_path: Path) -> None:
    with Fetcher(tmp_path) as fetcher, pytest.raises(FeedError, match="no default origin"):
        gather(feed(), fetcher, "", no_progress)


def test_reports_progress(folder: Path, tmp_path: Path) -> None:
    write(folder, A__list=b"a", B__list=b"b")
    reports: list[tuple[str, int, int]] = []
    with Fetcher(tmp_path / "w", files_within=folder) as fetcher:
        gather(feed(*LISTS), fetcher, str(folder), lambda *now: reports.append(now))
    assert reports == [("widgets", 0, 2), ("widgets", 1, 2), ("widgets", 2, 2)]


@pytest.mark.parametrize(
    ("origin", "path"),
    [
        ("/a/b", Path("/a/b")),
        ("a", Path("a")),
        ("file:///a%20b", Path("/a b")),
        ("https://feed.example/a", None),
        ("http://feed.example/a", None),
    ],
)
def test_local_path(origin: str, path: Path | None) -> None:
    assert local_path(origin) == path


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=4))
def test_fingerprint_ignores_order(digests: dict[str, str]) -> None:
    assert fingerprint(dict(reversed(digests.items()))) == fingerprint(digests)
    assert fingerprint({**digests, "another": "x"}) != fingerprint(digests)
