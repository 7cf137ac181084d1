import pytest
from tuf.api.exceptions import DownloadError

from openinspector.agent.connection.http_connection import HttpConnection
from openinspector.agent.update.fetcher import Origin, OriginFetcher


def refuse() -> HttpConnection:
    raise ConnectionRefusedError("nobody there")


def fetcher() -> OriginFetcher:
    origin = Origin(scheme="https", netloc="releases.example:8443", connect=refuse)
    return OriginFetcher(origin, lambda: 0.0)


@pytest.mark.parametrize(
    "url",
    [
        "http://releases.example:8443/x",
        "https://releases.example/x",
        "https://releases.example:8443.evil.example/x",
        "https://user@releases.example:8443/x",
        "file:///etc/shadow",
        "https:///x",
    ],
)
def test_only_the_configured_server_is_contacted(url: str) -> None:
    with pytest.raises(DownloadError, match="is not of"):
        fetcher().download_bytes(url, 10)


def test_unreachable_server_raises_download_error() -> None:
    with pytest.raises(DownloadError, match="nobody there"):
        fetcher().download_bytes("https://releases.example:8443/x", 10)
