"""Contract tests for every access key store. Subclass, and provide an empty one as the fixture ``store``."""

from functools import partial

import pytest

from openinspector.model.errors import OpenInspectorError, StoreError
from openinspector.service.ports.access_key_store import AccessKey, AccessKeyStore, TooManyKeysError
from openinspector.testing.conformance.threads import at_once
from openinspector.testing.model_builders import moment


def access_key(number: int = 1, user: str = "alice") -> AccessKey:
    """Return a key of a user; its wrapped secret is a dummy."""
    return AccessKey(
        id=f"AKIA{number:016d}",
        user=user,
        wrapped_secret=bytes(range(256)),
        actions=("inspector:List*", "inspector:DescribeFindings"),
        created_at=moment(number),
    )


class AccessKeyStoreSuite:
    """The contract of `AccessKeyStore`."""

    def test_key_round_trip(self, store: AccessKeyStore) -> None:
        """Secrets are bytes, actions keep their order, times their microseconds."""
        store.add(access_key())
        assert store.get(access_key().id) == access_key()

    def test_unknown_key(self, store: AccessKeyStore) -> None:
        assert store.get("AKIA") is None

    def test_keys_are_listed_by_user_and_id(self, store: AccessKeyStore) -> None:
        """The order of adding does not matter; capital letters come first."""
        keys = [access_key(4, "Zoe"), access_key(2, "alice"), access_key(3, "alice"), access_key(1, "bob")]
        for key in reversed(keys):
            store.add(key)
        assert list(store.list_all()) == keys

    def test_a_third_key_is_refused(self, store: AccessKeyStore) -> None:
        """A user has at most two keys (F2.12); other users are not affected."""
        store.add(access_key(1))
        store.add(access_key(2))
        with pytest.raises(TooManyKeysError, match="alice"):
            store.add(access_key(3))
        store.add(access_key(4, "bob"))
        assert list(store.list_all()) == [access_key(1), access_key(2), access_key(4, "bob")]

    @pytest.mark.parametrize("freed", [1, 2])
    def test_a_deleted_key_makes_room(self, store: AccessKeyStore, freed: int) -> None:
        store.add(access_key(1))
        store.add(access_key(2))
        assert store.delete(access_key(freed).id)
        store.add(access_key(3))
        assert store.get(access_key(freed).id) is None
        assert store.get(access_key(3).id) == access_key(3)

    def test_delete_returns_true_if_the_key_existed(self, store: AccessKeyStore) -> None:
        store.add(access_key())
        assert [store.delete(access_key().id), store.delete(access_key().id)] == [True, False]

    def test_id_cannot_be_reused_by_another_user(self, store: AccessKeyStore) -> None:
        """The first key stays as it is."""
        store.add(access_key(1))
        with pytest.raises(StoreError):
            store.add(access_key(1, "mallory"))
        assert list(store.list_all()) == [access_key(1)]

    def test_concurrent_additions_respect_the_limit_of_two(self, store: AccessKeyStore) -> None:
        """The store itself enforces the limit."""
        keys = [access_key(number) for number in range(8)]
        done = at_once([partial(store.add, key) for key in keys])
        refused = [one for one in done if isinstance(one, OpenInspectorError)]
        assert {type(one) for one in refused} == {TooManyKeysError}
        assert len(store.list_all()) == len(keys) - len(refused) == len(store.list_all()[:2])
