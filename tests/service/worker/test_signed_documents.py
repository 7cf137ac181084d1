"""A document whose publisher signs it is accepted only with a signature of the keyring that the site keeps."""

import shutil
import ssl
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from openinspector.service.worker.fetch import Fetcher, FetchError, Want
from openinspector.testing.document_server import DocumentServer
from openinspector.testing.openpgp_signer import OpenPgpSigner
from openinspector.testing.throwaway_authority import ThrowawayAuthority

CONTENT = b"statements" * 100
pytestmark = pytest.mark.skipif(shutil.which("gpgv") is None, reason="no gpgv on this host")


@cache
def publisher() -> OpenPgpSigner:
    return OpenPgpSigner("Publisher")


@pytest.fixture
def authority(tmp_path: Path) -> ThrowawayAuthority:
    return ThrowawayAuthority(tmp_path)


@pytest.fixture
def server(tmp_path: Path, authority: ThrowawayAuthority) -> Iterator[DocumentServer]:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "list").write_bytes(CONTENT)
    (folder / "list.asc").write_bytes(publisher().sign_beside(CONTENT))
    with DocumentServer(folder, authority.server_context()) as serving:
        yield serving


@pytest.fixture
def fetcher(tmp_path: Path, authority: ThrowawayAuthority) -> Iterator[Fetcher]:
    keyring = tmp_path / "publisher.gpg"
    keyring.write_bytes(publisher().keyring())
    with Fetcher(tmp_path / "w", tls=ssl.create_default_context(cafile=str(authority.ca_file))) as opened:
        opened.keyrings = (keyring,)
        yield opened


def want(server: DocumentServer) -> Want:
    return Want(url=f"{server.url}/list", signature=f"{server.url}/list.asc")


def test_a_signed_document_is_accepted(server: DocumentServer, fetcher: Fetcher) -> None:
    assert fetcher.fetch(want(server)).verified


def test_an_armoured_keyring(server: DocumentServer, fetcher: Fetcher, tmp_path: Path) -> None:
    (tmp_path / "publisher.asc").write_text(publisher().armoured_key())
    fetcher.keyrings = (tmp_path / "publisher.asc",)
    assert fetcher.fetch(want(server)).verified


def test_nothing_is_checked_without_a_keyring(server: DocumentServer, fetcher: Fetcher) -> None:
    fetcher.keyrings = ()
    assert not fetcher.fetch(want(server)).verified
    assert "/list.asc" not in server.paths()


@pytest.mark.parametrize("fault", ["altered", "absent", "another's", "garbage"])
def test_a_document_without_a_good_signature_is_refused_and_forgotten(
    server: DocumentServer, fetcher: Fetcher, fault: str
) -> None:
    beside = server.folder / "list.asc"
    match fault:
        case "altered":
            (server.folder / "list").write_bytes(CONTENT + b"x")
        case "absent":
            beside.unlink()
        case "garbage":
            beside.write_bytes(b"\x00" * 50)
        case _:
            beside.write_bytes(OpenPgpSigner("Somebody else").sign_beside(CONTENT))
    with pytest.raises(FetchError, match="is not accepted"):
        fetcher.fetch(want(server))
    assert not [path for path in fetcher.workspace.iterdir() if path.read_bytes().startswith(b"statements")]


def test_a_missing_keyring_that_a_document_names_is_an_error(server: DocumentServer, fetcher: Fetcher) -> None:
    named = Want(url=f"{server.url}/list", signature=f"{server.url}/list.asc", keyrings=("/nonexistent.gpg",))
    with pytest.raises(FetchError, match="is missing"):
        fetcher.fetch(named)
