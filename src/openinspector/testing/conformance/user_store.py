"""Contract tests for every user store. Subclass, and provide an empty one as the fixture ``store``."""

from datetime import timedelta
from functools import partial

from openinspector.service.ports.user_store import ConsoleRole, ConsoleUser, SignInLink, UserSession, UserStore
from openinspector.testing.conformance.threads import at_once
from openinspector.testing.model_builders import moment


def user(name: str = "alice", role: ConsoleRole = ConsoleRole.OPERATOR) -> ConsoleUser:
    """Return a user with a dummy for a hash."""
    return ConsoleUser(name=name, role=role, password="$argon2id$", created_at=moment(1))  # noqa: S106 - a dummy


def session(number: int = 1, name: str = "alice") -> UserSession:
    """Return a session of a user, opened and seen at second ``number``."""
    return UserSession(digest=f"{number:064x}", user=name, opened_at=moment(number), seen_at=moment(number))


def link(number: int = 1, name: str = "alice") -> SignInLink:
    """Return a link of a user that expires at second ``number``."""
    return SignInLink(digest=f"{number:064x}", user=name, expires_at=moment(number))


class UserStoreSuite:
    """The contract of `UserStore`."""

    def test_user_round_trip(self, store: UserStore) -> None:
        assert store.get("alice") is None
        assert store.add(user())
        assert store.get("alice") == user()

    def test_sessions_of_a_user(self, store: UserStore) -> None:
        """The last opened first."""
        for name in ("alice", "bob"):
            store.add(user(name=name))
        for one in (session(1), session(5), session(3), session(4, "bob")):
            store.add_session(one)
        assert list(store.sessions_of("alice")) == [session(5), session(3), session(1)]
        assert list(store.sessions_of("carol")) == []

    def test_a_taken_name_is_refused(self, store: UserStore) -> None:
        store.add(user())
        assert not store.add(user(role=ConsoleRole.ADMINISTRATOR))
        assert store.list_all() == [user()]

    def test_users_are_listed_by_name(self, store: UserStore) -> None:
        for name in ("bob", "alice"):
            store.add(user(name))
        assert [one.name for one in store.list_all()] == ["alice", "bob"]

    def test_session_comes_with_its_user(self, store: UserStore) -> None:
        store.add(user())
        store.add_session(session())
        assert store.session(session().digest) == (session(), user())
        assert store.session(session(2).digest) is None

    def test_touched_and_ended_sessions(self, store: UserStore) -> None:
        store.add(user())
        store.add_session(session())
        store.touch_session(session().digest, moment(9))
        found = store.session(session().digest)
        assert found is not None
        assert found[0].seen_at == moment(9)
        store.end_session(session().digest)
        assert store.session(session().digest) is None

    def test_a_new_password_ends_the_user_s_sessions_only(self, store: UserStore) -> None:
        for name in ("alice", "bob"):
            store.add(user(name))
        store.add_session(session(1))
        store.add_session(session(2, "bob"))
        store.set_password("alice", "new")
        changed = store.get("alice")
        assert changed is not None
        assert changed.password == "new"  # noqa: S105 - a dummy
        assert store.session(session(1).digest) is None
        assert store.session(session(2).digest) is not None

    def test_a_deleted_user_has_neither_sessions_nor_links(self, store: UserStore) -> None:
        store.add(user())
        store.add_session(session())
        store.add_link(link())
        assert [store.delete("alice"), store.delete("alice")] == [True, False]
        assert store.session(session().digest) is None
        assert store.link(link().digest) is None

    def test_a_link_is_taken_once(self, store: UserStore) -> None:
        """Also by many at once."""
        store.add(user())
        store.add_link(link())
        assert store.link(link().digest) == link()
        assert sorted(map(str, at_once([partial(store.take_link, link().digest)] * 6))) == ["False"] * 5 + ["True"]
        assert store.link(link().digest) is None

    def test_forget(self, store: UserStore) -> None:
        """Old sessions, sessions not seen, and expired links are deleted; others stay."""
        store.add(user())
        for number in (1, 5, 9):
            store.add_session(session(number))
            store.add_link(link(number))
        store.touch_session(session(1).digest, moment(20))
        store.forget(opened_before=moment(1), seen_before=moment(5), expired_before=moment(5))
        assert [store.session(session(number).digest) is not None for number in (1, 5, 9)] == [False, False, True]
        assert [store.link(link(number).digest) is not None for number in (1, 5, 9)] == [False, False, True]
        store.forget(opened_before=moment(1), seen_before=moment(9) - timedelta(seconds=1), expired_before=moment(1))
        assert store.session(session(9).digest) is not None
