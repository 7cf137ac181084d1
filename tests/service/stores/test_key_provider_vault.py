"""Transit, against a simulator written after Vault's documentation and an exchange that the documentation shows."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from openinspector.service.ports.key_provider import KeyProvider, KeyProviderError
from openinspector.service.stores.key_provider_vault import MAGIC, VaultKeyProvider
from openinspector.testing.conformance.key_provider import KeyProviderSuite
from openinspector.testing.vault_transit import TOKEN, VaultSimulator, vault_transit

KEY = "transit/openinspector"


@pytest.fixture
def vault() -> Iterator[VaultSimulator]:
    with vault_transit() as server:
        yield server


class TestVaultKeyProvider(KeyProviderSuite):
    @pytest.fixture
    def provider(self, vault: VaultSimulator) -> KeyProvider:
        return VaultKeyProvider(KEY, vault.environment)


def test_requests_are_the_documented_ones(vault: VaultSimulator) -> None:
    provider = VaultKeyProvider(KEY, {**vault.environment, "VAULT_NAMESPACE": "security"}, lambda size: b"k" * size)
    made = provider.generate({"run": "a", "account": "1"})
    assert provider.unwrap(made.wrapped, {"run": "a", "account": "1"}) == b"k" * 32
    bound = b64encode(b'[["account","1"],["run","a"]]').decode()
    (encrypted, headers, wrapping), (decrypted, _, opening) = vault.requests
    assert encrypted == "/v1/transit/encrypt/openinspector"
    assert {name: headers[name] for name in ("X-Vault-Token", "X-Vault-Namespace")} == {
        "X-Vault-Token": TOKEN,
        "X-Vault-Namespace": "security",
    }
    assert wrapping == {"plaintext": b64encode(b"k" * 32).decode(), "context": bound, "associated_data": bound}
    assert decrypted == "/v1/transit/decrypt/openinspector"
    assert opening == {
        "ciphertext": made.wrapped.removeprefix(MAGIC).decode(),
        "context": bound,
        "associated_data": bound,
    }


def test_a_token_file_is_read_for_every_request(vault: VaultSimulator, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("hvs.expired\n")
    provider = VaultKeyProvider(KEY, {**vault.environment, "VAULT_TOKEN_FILE": str(file)})
    with pytest.raises(KeyProviderError, match="permission denied") as refused:
        provider.generate({})
    assert "transit/encrypt/openinspector" in refused.value.advice
    file.write_text(f"{TOKEN}\n")
    assert provider.unwrap(provider.generate({}).wrapped, {})


def test_a_sealed_and_a_stopped_server_are_errors_for_people(vault: VaultSimulator) -> None:
    provider = VaultKeyProvider(KEY, vault.environment)
    wrapped = provider.generate({}).wrapped
    vault.is_sealed = True
    with pytest.raises(KeyProviderError, match="Vault is sealed"):
        provider.unwrap(wrapped, {})
    with pytest.raises(KeyProviderError, match="Vault does not answer"):
        VaultKeyProvider(KEY, {"VAULT_ADDR": "http://127.0.0.1:1"}).generate({})


@pytest.mark.parametrize("address", ["", "http://vault.example:8200", "ftp://vault.example"])
def test_only_an_encrypted_address_is_taken(address: str) -> None:
    with pytest.raises(KeyProviderError, match="VAULT_ADDR"):
        VaultKeyProvider(KEY, {"VAULT_ADDR": address})


def test_a_ca_file_that_is_absent_is_refused() -> None:
    with pytest.raises(KeyProviderError, match="VAULT_CACERT"):
        VaultKeyProvider(KEY, {"VAULT_ADDR": "https://vault.example", "VAULT_CACERT": "/absent.pem"})
