"""Secrets that all nodes of an installation share: keys of page tokens, links and temporary credentials, the authority.

The first node that needs a secret makes it; the store keeps it sealed by the key provider. So every node needs the same
master key. The canary finds a node with another one when it starts, instead of when it first opens telemetry.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Final

from openinspector.model.errors import StoreError
from openinspector.service.app.sealed_secret import SecretBox
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.key_provider import KeyProvider, KeyProviderError
from openinspector.service.ports.shared_secret_store import SharedSecretStore
from openinspector.service.ports.wrapped_key_store import WrappedKind

_CANARY: Final = "canary"


class WrongMasterKeyError(StoreError):
    """This node's key provider cannot open the secrets of the installation."""


class SharedSecrets:
    """The secrets of one installation, by name."""

    def __init__(
        self, store: SharedSecretStore, provider: KeyProvider, clock: Clock, random: Callable[[int], bytes]
    ) -> None:
        self._store = store
        self._box = SecretBox(WrappedKind.SHARED, provider, random)
        self._clock = clock
        self._random = random

    def check(self) -> None:
        """Raise WrongMasterKeyError unless this node opens what the others sealed."""
        try:
            self.get(_CANARY, lambda: self._random(32))
        except KeyProviderError as refused:
            raise WrongMasterKeyError(
                f"this node's master key is not the one of the installation: {refused}",
                advice="All nodes of one database need the same keys: set OPENINSPECTOR_KEY_URL alike on each.",
            ) from refused

    def get(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Return the secret, made by ``make`` if no node has made it yet; StoreError."""
        sealed = self._store.get(name)
        if sealed is None:
            fresh = self._box.seal(name, b64encode(make()).decode())
            sealed = self._store.add(name, fresh, self._clock.now())
        return b64decode(self._box.open(name, sealed))
