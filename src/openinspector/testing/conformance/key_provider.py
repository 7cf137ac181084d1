"""Contract tests for every key provider. Subclass, and override the fixture ``provider``."""

import pytest

from openinspector.service.ports.key_provider import KeyProvider, KeyProviderError

_CONTEXT = {"account": "123456789012", "run": "arn:aws:inspector:us-east-1:123456789012:target/0-AAAAAAAA"}


class KeyProviderSuite:
    """The contract of `KeyProvider`."""

    @pytest.fixture
    def provider(self) -> KeyProvider:
        """Return the adapter under test."""
        raise NotImplementedError

    def test_a_key_unwraps_in_its_context(self, provider: KeyProvider) -> None:
        """The plaintext comes back."""
        key = provider.generate(_CONTEXT)
        assert provider.unwrap(key.wrapped, dict(reversed(_CONTEXT.items()))) == key.plaintext

    def test_keys_are_256_bits_and_never_the_same(self, provider: KeyProvider) -> None:
        one, other = provider.generate(_CONTEXT), provider.generate(_CONTEXT)
        assert len(one.plaintext) == len(other.plaintext) == 32  # noqa: PLR2004 - bytes of a 256-bit key
        assert one.plaintext != other.plaintext
        assert one.wrapped != other.wrapped

    def test_the_wrapped_key_does_not_show_the_key(self, provider: KeyProvider) -> None:
        key = provider.generate(_CONTEXT)
        assert key.plaintext not in key.wrapped
        assert repr(key.plaintext) not in repr(key)

    @pytest.mark.parametrize(
        "other",
        [
            {},
            {"account": _CONTEXT["account"]},
            {**_CONTEXT, "run": "another"},
            {**_CONTEXT, "more": ""},
            {"account": _CONTEXT["run"], "run": _CONTEXT["account"]},
            {"accountr": _CONTEXT["account"], "un": _CONTEXT["run"]},
        ],
    )
    def test_another_context_is_refused(self, provider: KeyProvider, other: dict[str, str]) -> None:
        """The context is part of the key: a missing, changed, added or swapped pair refuses."""
        key = provider.generate(_CONTEXT)
        with pytest.raises(KeyProviderError):
            provider.unwrap(key.wrapped, other)

    def test_a_damaged_key_is_refused(self, provider: KeyProvider) -> None:
        wrapped = provider.generate(_CONTEXT).wrapped
        for at in range(len(wrapped)):
            damaged = bytearray(wrapped)
            damaged[at] ^= 1
            with pytest.raises(KeyProviderError):
                provider.unwrap(bytes(damaged), _CONTEXT)

    @pytest.mark.parametrize("foreign", [b"", b"\x00", bytes(range(81)), b"x" * 5000])
    def test_foreign_bytes_are_refused(self, provider: KeyProvider, foreign: bytes) -> None:
        with pytest.raises(KeyProviderError):
            provider.unwrap(foreign, _CONTEXT)

    def test_truncated_key_is_refused(self, provider: KeyProvider) -> None:
        wrapped = provider.generate(_CONTEXT).wrapped
        for end in range(len(wrapped)):
            with pytest.raises(KeyProviderError):
                provider.unwrap(wrapped[:end], _CONTEXT)

    def test_an_existing_key_is_wrapped_in_its_context(self, provider: KeyProvider) -> None:
        plaintext = bytes(range(32))
        wrapped = provider.wrap(plaintext, _CONTEXT)
        assert provider.unwrap(wrapped, _CONTEXT) == plaintext
        with pytest.raises(KeyProviderError):
            provider.unwrap(wrapped, {})

    def test_a_key_under_the_current_master_key_is_not_rewrapped(self, provider: KeyProvider) -> None:
        assert provider.rewrap(provider.generate(_CONTEXT).wrapped, _CONTEXT) is None

    @pytest.mark.parametrize("foreign", [b"", b"\x00", bytes(range(81))])
    def test_foreign_bytes_are_not_rewrapped(self, provider: KeyProvider, foreign: bytes) -> None:
        with pytest.raises(KeyProviderError):
            provider.rewrap(foreign, _CONTEXT)

    def test_a_key_of_another_context_is_not_rewrapped(self, provider: KeyProvider) -> None:
        with pytest.raises(KeyProviderError):
            provider.rewrap(provider.generate(_CONTEXT).wrapped, {**_CONTEXT, "run": "another"})
