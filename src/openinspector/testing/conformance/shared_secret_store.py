"""Contract tests for every store of shared secrets. Subclass, and provide an empty one as the fixture ``store``."""

from functools import partial

from openinspector.service.ports.shared_secret_store import SharedSecretStore
from openinspector.testing.conformance.threads import at_once
from openinspector.testing.model_builders import moment


class SharedSecretStoreSuite:
    """The contract of `SharedSecretStore`."""

    def test_a_secret_is_kept_by_name(self, store: SharedSecretStore) -> None:
        """An unknown name has no secret."""
        assert store.get("pagination") is None
        assert store.add("pagination", b"\x00one", moment(1)) == b"\x00one"
        assert store.get("pagination") == b"\x00one"
        assert store.get("report-links") is None

    def test_the_first_secret_wins(self, store: SharedSecretStore) -> None:
        """A later node gets the secret that the first one made."""
        store.add("pagination", b"one", moment(1))
        assert store.add("pagination", b"two", moment(2)) == b"one"
        assert store.get("pagination") == b"one"

    def test_nodes_that_start_together_share_one_secret(self, store: SharedSecretStore) -> None:
        made = at_once([partial(store.add, "pagination", bytes([number]), moment(1)) for number in range(8)])
        assert len(set(made)) == 1
