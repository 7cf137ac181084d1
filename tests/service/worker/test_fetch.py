import hashlib
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from openinspector.service.worker.fetch import FetchDeadline, Fetcher, FetchError, Want, shown
from openinspector.testing.document_server import DocumentServer
from openinspector.testing.throwaway_authority import ThrowawayAuthority

CONTENT = b"advisories" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "list").write_bytes(CONTENT)
    return folder


@pytest.fixture
def authority(tmp_path: Path) -> ThrowawayAuthority:
    return ThrowawayAuthority(tmp_path)


@pytest.fixture
def server(site: Path, authority: ThrowawayAuthority) -> Iterator[DocumentServer]:
    with DocumentServer(site, authority.server_context()) as serving:
        yield serving


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def fetcher(tmp_path: Path, authority: ThrowawayAuthority, pauses: list[float]) -> Iterator[Fetcher]:
    tls = ssl.create_default_context(cafile=str(authority.ca_file))
    with Fetcher(tmp_path / "workspace", tls=tls, sleep=pauses.append) as opened:
        yield opened


def test_fetches_over_tls(server: DocumentServer, fetcher: Fetcher) -> None:
    found = fetcher.fetch(Want(url=f"{server.url}/list"))
    assert found.path.read_bytes() == CONTENT
    assert (found.sha256, found.size, found.transferred_bytes) == (DIGEST, len(CONTENT), len(CONTENT))
    assert found.modified == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert found.validator == f'"{DIGEST}"'


def test_an_unchanged_document_is_not_sent_again(server: DocumentServer, fetcher: Fetcher) -> None:
    first = fetcher.fetch(Want(url=f"{server.url}/list"))
    second = fetcher.fetch(Want(url=f"{server.url}/list"))
    assert second == replace(first, transferred_bytes=0)
    assert server.requests == [("/list", 200), ("/list", 304)]


def test_changed_document_is_sent(server: DocumentServer, fetcher: Fetcher, site: Path) -> None:
    fetcher.fetch(Want(url=f"{server.url}/list"))
    (site / "list").write_bytes(b"new")
    assert fetcher.fetch(Want(url=f"{server.url}/list")).path.read_bytes() == b"new"


def test_damaged_workspace_is_fetched_again(server: DocumentServer, fetcher: Fetcher) -> None:
    first = fetcher.fetch(Want(url=f"{server.url}/list"))
    first.path.write_bytes(b"cut")
    assert fetcher.fetch(Want(url=f"{server.url}/list")).path.read_bytes() == CONTENT
    first.path.with_suffix(".json").write_bytes(b"{")
    assert fetcher.fetch(Want(url=f"{server.url}/list")).path.read_bytes() == CONTENT


def test_cached_document_with_matching_checksum_needs_no_request(server: DocumentServer, fetcher: Fetcher) -> None:
    want = Want(url=f"{server.url}/list", sha256=DIGEST)
    assert fetcher.fetch(want).path == fetcher.fetch(want).path
    assert len(server.requests) == 1


def test_a_wrong_checksum_is_refused(server: DocumentServer, fetcher: Fetcher) -> None:
    with pytest.raises(FetchError, match="not what its index says"):
        fetcher.fetch(Want(url=f"{server.url}/list", sha256="0" * 64))


def test_temporary_failures_are_retried(server: DocumentServer, fetcher: Fetcher, pauses: list[float]) -> None:
    server.faults["/list"] = [(503, {}, b""), (200, {"Content-Length": "99"}, b"cut")]
    server.faults["/list"][1][1]["Connection"] = "close"
    assert fetcher.fetch(Want(url=f"{server.url}/list")).path.read_bytes() == CONTENT
    assert [status for _, status in server.requests] == [503, 200, 200]
    assert pauses == sorted(pauses)
    assert len(pauses) == 2


def test_lasting_failures_are_reported(server: DocumentServer, fetcher: Fetcher) -> None:
    server.faults["/list"] = [(500, {}, b"")] * 3
    with pytest.raises(FetchError, match="HTTP status 500"):
        fetcher.fetch(Want(url=f"{server.url}/list"))
    assert len(server.requests) == 3


def test_an_absent_document_is_asked_for_once(server: DocumentServer, fetcher: Fetcher) -> None:
    with pytest.raises(FetchError, match="HTTP status 404"):
        fetcher.fetch(Want(url=f"{server.url}/absent"))
    assert len(server.requests) == 1


def test_too_large_is_refused_and_leaves_nothing(server: DocumentServer, fetcher: Fetcher) -> None:
    with pytest.raises(FetchError, match="larger than 100 bytes"):
        fetcher.fetch(Want(url=f"{server.url}/list", max_bytes=100))
    assert list(fetcher.workspace.iterdir()) == []


def test_redirects_are_followed_within_tls(server: DocumentServer, fetcher: Fetcher) -> None:
    server.faults["/old"] = [(302, {"Location": "/list"}, b"")]
    assert fetcher.fetch(Want(url=f"{server.url}/old")).path.read_bytes() == CONTENT


@pytest.mark.parametrize("place", ["http://127.0.0.1:1/list", "file:///etc/passwd", "ftp://127.0.0.1/list"])
def test_redirects_to_other_schemes_are_refused(server: DocumentServer, fetcher: Fetcher, place: str) -> None:
    server.faults["/old"] = [(302, {"Location": place}, b"")]
    with pytest.raises(FetchError, match="not fetched: only https is"):
        fetcher.fetch(Want(url=f"{server.url}/old"))


def test_endless_redirects_are_refused(server: DocumentServer, fetcher: Fetcher) -> None:
    server.faults["/old"] = [(302, {"Location": "/old"}, b"")] * 9
    with pytest.raises(FetchError, match="without end"):
        fetcher.fetch(Want(url=f"{server.url}/old"))


def test_an_unknown_authority_is_refused(server: DocumentServer, tmp_path: Path) -> None:
    with (
        Fetcher(tmp_path / "other", sleep=lambda _: None) as strict,
        pytest.raises(FetchError, match="(?i)certificate"),
    ):
        strict.fetch(Want(url=f"{server.url}/list"))


def test_plain_http_requires_permission(site: Path, fetcher: Fetcher) -> None:
    with DocumentServer(site) as plain:
        with pytest.raises(FetchError, match="only https is"):
            fetcher.fetch(Want(url=f"{plain.url}/list"))
        assert fetcher.fetch(Want(url=f"{plain.url}/list", plain_http=True)).sha256 == DIGEST


def test_unreachable_server(fetcher: Fetcher, site: Path, pauses: list[float]) -> None:
    with DocumentServer(site) as gone:
        url = gone.url
    with pytest.raises(FetchError, match="cannot be fetched"):
        fetcher.fetch(Want(url=url, plain_http=True))
    assert len(pauses) == 2


def test_invalid_host_name_is_not_retried(fetcher: Fetcher, pauses: list[float]) -> None:
    with pytest.raises(FetchError, match="is not known here"):
        fetcher.fetch(Want(url=f"https://{'a' * 64}.invalid/list"))
    assert pauses == []


def test_files_only_within_the_folder_named(tmp_path: Path, site: Path) -> None:
    (site / "escape").symlink_to(tmp_path)
    (tmp_path / "secret").write_text("x")
    with Fetcher(tmp_path / "w", files_within=site) as local:
        assert local.fetch(Want(url=(site / "list").as_uri())).sha256 == DIGEST
        for url in ((tmp_path / "secret").as_uri(), f"{site.as_uri()}/../secret", f"{site.as_uri()}/escape/secret"):
            with pytest.raises(FetchError, match="outside the folder"):
                local.fetch(Want(url=url))
        with pytest.raises(FetchError, match="cannot be read"):
            local.fetch(Want(url=(site / "absent").as_uri()))
        with pytest.raises(FetchError, match="larger than 5 bytes"):
            local.fetch(Want(url=(site / "list").as_uri(), max_bytes=5))
    with Fetcher(tmp_path / "w") as remote, pytest.raises(FetchError, match="outside the folder"):
        remote.fetch(Want(url=(site / "list").as_uri()))


def test_a_deadline_ends_everything(server: DocumentServer, authority: ThrowawayAuthority, tmp_path: Path) -> None:
    ticks = iter(range(1000))
    tls = ssl.create_default_context(cafile=str(authority.ca_file))
    deadline = FetchDeadline(2, clock=lambda: float(next(ticks)))
    with (
        Fetcher(tmp_path / "w", tls=tls, deadline=deadline) as hurried,
        pytest.raises(FetchError, match="time allowed"),
    ):
        hurried.fetch(Want(url=f"{server.url}/list"))


def test_forgets_documents(server: DocumentServer, fetcher: Fetcher, site: Path) -> None:
    found = fetcher.fetch(Want(url=f"{server.url}/list"))
    fetcher.forget(found)
    assert list(fetcher.workspace.iterdir()) == []
    fetcher.forget(replace(found, path=site / "list"))
    assert (site / "list").is_file()


def test_passwords_are_not_shown() -> None:
    assert shown("https://user:secret@feed.example/a?b=c") == "https://feed.example/a?b=c"


def test_passwords_are_not_kept(server: DocumentServer, fetcher: Fetcher) -> None:
    found = fetcher.fetch(Want(url=server.url.replace("https://", "https://user:secret@") + "/list"))
    assert "secret" not in found.url
    assert not [path for path in fetcher.workspace.iterdir() if b"secret" in path.read_bytes()]


def broken_off(content: bytes, part: int, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Return an answer that promises all of ``content`` and ends after ``part`` bytes."""
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    return 200, {"Content-Length": str(len(content)), "ETag": etag, **headers}, content[:part]


def test_a_transfer_that_breaks_off_goes_on_where_it_ended(server: DocumentServer, fetcher: Fetcher) -> None:
    server.faults["/list"] = [broken_off(CONTENT, 6000)]
    found = fetcher.fetch(Want(url=f"{server.url}/list", sha256=DIGEST))
    assert found.path.read_bytes() == CONTENT
    assert found.sha256 == DIGEST
    assert server.requests == [("/list", 200), ("/list", 206)]
    assert found.transferred_bytes == len(CONTENT) - 6000


def test_a_transfer_goes_on_in_the_next_process(
    server: DocumentServer, fetcher: Fetcher, tmp_path: Path, authority: ThrowawayAuthority
) -> None:
    want = Want(url=f"{server.url}/list", sha256=DIGEST)
    server.faults["/list"] = [broken_off(CONTENT, 1000), (500, {}, b""), (500, {}, b"")]
    with pytest.raises(FetchError):
        fetcher.fetch(want)
    tls = ssl.create_default_context(cafile=str(authority.ca_file))
    with Fetcher(tmp_path / "workspace", tls=tls) as another:
        found = another.fetch(want)
    assert server.requests[-1] == ("/list", 206)
    assert found.path.read_bytes() == CONTENT
    assert {path.suffix for path in (tmp_path / "workspace").iterdir()} == {"", ".json"}


@pytest.mark.parametrize(
    "headers",
    [{"ETag": '"another"'}, {"ETag": 'W/"weak"'}, {"ETag": "", "Content-Encoding": "identity"}],
    ids=["changed", "weak", "coded"],
)
def test_a_transfer_begins_again_where_the_rest_may_be_of_another_file(
    server: DocumentServer, fetcher: Fetcher, headers: dict[str, str]
) -> None:
    server.faults["/list"] = [broken_off(b"x" * len(CONTENT), 6000, **headers)]
    found = fetcher.fetch(Want(url=f"{server.url}/list", sha256=DIGEST))
    assert found.path.read_bytes() == CONTENT
    assert server.requests == [("/list", 200), ("/list", 200)]


def test_the_rest_of_a_file_counts_towards_its_limit(server: DocumentServer, fetcher: Fetcher) -> None:
    server.faults["/list"] = [broken_off(CONTENT, 6000)]
    with pytest.raises(FetchError, match="larger than 9000 bytes"):
        fetcher.fetch(Want(url=f"{server.url}/list", max_bytes=9000))
