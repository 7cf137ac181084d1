"""KMS against local-kms, a real server with KMS's API: contexts are enforced, and a deleted key opens nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from openinspector.service.ports.key_provider import KeyProvider, KeyProviderError
from openinspector.service.stores.key_provider_kms import KmsKeyProvider
from openinspector.testing.conformance.key_provider import KeyProviderSuite
from openinspector.testing.go_servers import find_server, local_kms

PROGRAM = find_server("local-kms")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="local-kms is not built: make tools")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    assert isinstance(PROGRAM, Path)
    with local_kms(PROGRAM, tmp_path_factory.mktemp("kms")) as url, pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield url


@pytest.fixture
def client(url: str) -> Any:
    return boto3.client("kms", endpoint_url=url)


@pytest.fixture
def key(client: Any) -> str:
    made: str = client.create_key()["KeyMetadata"]["KeyId"]
    return made


class TestLocalKms(KeyProviderSuite):
    @pytest.fixture
    def provider(self, url: str, key: str) -> KeyProvider:
        return KmsKeyProvider(key, endpoint=url)


def test_nothing_opens_once_the_master_key_is_to_be_deleted(url: str, client: Any, key: str) -> None:
    provider = KmsKeyProvider(key, endpoint=url)
    wrapped = provider.generate({"run": "a"}).wrapped
    client.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with pytest.raises(KeyProviderError, match="KMS did not open a data key"):
        provider.unwrap(wrapped, {"run": "a"})
    with pytest.raises(KeyProviderError, match="KMS made no data key"):
        provider.generate({"run": "b"})


def test_keys_of_another_master_key_open_and_move(url: str, client: Any, key: str) -> None:
    older = client.create_key()["KeyMetadata"]["KeyId"]
    made = KmsKeyProvider(older, endpoint=url).generate({"run": "a"})
    provider = KmsKeyProvider(key, endpoint=url)
    moved = provider.wrap(provider.unwrap(made.wrapped, {"run": "a"}), {"run": "a"})
    client.schedule_key_deletion(KeyId=older, PendingWindowInDays=7)
    assert provider.unwrap(moved, {"run": "a"}) == made.plaintext
