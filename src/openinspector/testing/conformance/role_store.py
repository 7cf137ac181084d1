"""Contract tests for every role store. Subclass, and provide an empty one as the fixture ``store``."""

from openinspector.service.ports.role_store import AccessRole, RoleStore
from openinspector.testing.model_builders import moment


class RoleStoreSuite:
    """The contract of `RoleStore`."""

    def test_last_role_wins(self, store: RoleStore) -> None:
        """There is none at first, and never more than one."""
        assert store.get() is None
        for number in (1, 2):
            role = AccessRole(arn=f"arn:aws:iam::123456789012:role/number-{number}", registered_at=moment(number))
            store.replace(role)
            assert store.get() == role
