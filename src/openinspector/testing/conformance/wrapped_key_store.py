"""Contract tests for every store of wrapped keys. Subclass, and provide one as the fixture ``store``.

The rows belong to other stores: the fixture ``given`` adds them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from openinspector.service.ports.wrapped_key_store import StoredWrapping, WrappedKeyStore, WrappedKind

GivenKeys = Callable[[WrappedKind], Sequence[StoredWrapping]]
"""Stores three keys of a kind through the store they belong to, and returns them by id."""


@pytest.mark.parametrize("kind", WrappedKind)
class WrappedKeyStoreSuite:
    """The contract of `WrappedKeyStore`."""

    def test_keys_are_listed_in_pages_by_id(self, store: WrappedKeyStore, given: GivenKeys, kind: WrappedKind) -> None:
        assert store.after(kind, "", 10) == []
        keys = given(kind)
        assert store.count(kind) == len(keys)
        assert store.after(kind, "", 10) == keys
        assert store.after(kind, "", 2) == keys[:2]
        assert store.after(kind, keys[1].id, 2) == keys[2:]
        assert store.after(kind, keys[2].id, 2) == []

    def test_kinds_are_apart(self, store: WrappedKeyStore, given: GivenKeys, kind: WrappedKind) -> None:
        given(kind)
        assert sum(store.count(other) for other in WrappedKind if other is not kind) == 0

    def test_one_key_is_replaced(self, store: WrappedKeyStore, given: GivenKeys, kind: WrappedKind) -> None:
        first, second, third = given(kind)
        assert store.replace(kind, second, b"moved")
        assert store.after(kind, "", 10) == [first, replace(second, content=b"moved"), third]

    def test_a_key_that_changed_is_not_replaced(
        self, store: WrappedKeyStore, given: GivenKeys, kind: WrappedKind
    ) -> None:
        """Of two simultaneous changes the first one wins."""
        held = given(kind)[0]
        assert store.replace(kind, held, b"first")
        assert not store.replace(kind, held, b"second")
        assert store.after(kind, "", 1) == [replace(held, content=b"first")]

    def test_an_unknown_key_is_not_replaced(self, store: WrappedKeyStore, given: GivenKeys, kind: WrappedKind) -> None:
        held = given(kind)[0]
        assert not store.replace(kind, replace(held, id="unknown"), b"moved")
