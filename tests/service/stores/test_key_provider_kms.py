"""The KMS of moto's server over real HTTP; awskms and local-kms were not tried here."""

from collections.abc import Iterator

import pytest

from openinspector.service.ports.key_provider import KeyProvider, KeyProviderError
from openinspector.service.stores.key_provider_file import FileKeyProvider
from openinspector.service.stores.key_provider_kms import KmsKeyProvider
from openinspector.testing.conformance.key_provider import KeyProviderSuite
from openinspector.testing.moto_sns import REGION, MotoSns, moto_sns


@pytest.fixture(scope="module")
def kms() -> Iterator[MotoSns]:
    with moto_sns() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in {**server.environment, "AWS_DEFAULT_REGION": REGION}.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture(scope="module")
def key(kms: MotoSns) -> str:
    made: str = kms.client("kms").create_key()["KeyMetadata"]["KeyId"]
    return made


class TestKmsKeyProvider(KeyProviderSuite):
    @pytest.fixture
    def provider(self, kms: MotoSns, key: str) -> KeyProvider:
        return KmsKeyProvider(key, endpoint=kms.url)


def test_an_unknown_key_is_an_error_for_people(kms: MotoSns) -> None:
    with pytest.raises(KeyProviderError, match="KMS made no data key with alias/unknown") as refused:
        KmsKeyProvider("alias/unknown", endpoint=kms.url).generate({"secret": "canary"})
    assert "kms:GenerateDataKey" in refused.value.advice


def test_keys_of_a_file_are_not_opened(kms: MotoSns, key: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = FileKeyProvider(tmp_path_factory.mktemp("keys") / "keys.json")
    with pytest.raises(KeyProviderError, match="not a data key wrapped by this key provider"):
        KmsKeyProvider(key, endpoint=kms.url).unwrap(file.generate({}).wrapped, {})


def test_a_key_moves_to_another_kms_key(kms: MotoSns, key: str) -> None:
    before = KmsKeyProvider(key, endpoint=kms.url)
    after = KmsKeyProvider(kms.client("kms").create_key()["KeyMetadata"]["KeyId"], endpoint=kms.url)
    held = before.generate({"secret": "canary"})
    moved = after.rewrap(held.wrapped, {"secret": "canary"})
    assert moved is not None
    assert after.unwrap(moved, {"secret": "canary"}) == held.plaintext
    assert after.rewrap(moved, {"secret": "canary"}) is None


def test_an_unknown_key_wraps_nothing(kms: MotoSns, key: str) -> None:
    unknown = KmsKeyProvider("alias/unknown", endpoint=kms.url)
    with pytest.raises(KeyProviderError, match="did not wrap a data key with alias/unknown"):
        unknown.wrap(bytes(32), {})
    with pytest.raises(KeyProviderError, match="did not move a data key to alias/unknown"):
        unknown.rewrap(KmsKeyProvider(key, endpoint=kms.url).generate({}).wrapped, {})
