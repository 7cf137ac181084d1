"""Users sign in with a password or a link; everything wrong gets the same answer."""

from datetime import timedelta
from pathlib import Path

import pytest

from openinspector.service.api.model import api_model
from openinspector.service.app.access_keys import allows
from openinspector.service.app.users import (
    ACTIONS,
    ATTEMPTS,
    IDLE,
    LONGEST,
    WINDOW,
    TooManyAttemptsError,
    UserError,
    Users,
)
from openinspector.service.ports.user_store import ConsoleRole, UserStore
from openinspector.testing.fake_clock import FakeClock
from openinspector.testing.installation import BuiltInstallation, open_installation

PASSWORD = "correct horse battery"
HOUR = timedelta(hours=1)


@pytest.fixture
def built(tmp_path: Path) -> BuiltInstallation:
    return open_installation(tmp_path)


@pytest.fixture
def clock(built: BuiltInstallation) -> FakeClock:
    return built.clock


@pytest.fixture
def store(built: BuiltInstallation) -> UserStore:
    return built.stores.users


@pytest.fixture
def users(store: UserStore, clock: FakeClock) -> Users:
    users = Users(store, clock)
    users.create("alice", ConsoleRole.VIEWER)
    users.use_link(users.make_link("alice", HOUR), PASSWORD)
    return users


def test_password_signs_in(users: Users) -> None:
    session_id = users.sign_in("alice", PASSWORD, "192.0.2.1")
    assert session_id is not None
    found = users.user_of_session(session_id)
    assert found is not None
    assert (found[0].name, found[0].role) == ("alice", ConsoleRole.VIEWER)


@pytest.mark.parametrize(("name", "password"), [("alice", "wrong"), ("bob", PASSWORD), ("", ""), ("alice", "x" * 9999)])
def test_wrong_name_or_password(users: Users, name: str, password: str) -> None:
    assert users.sign_in(name, password, "192.0.2.1") is None


def test_user_without_password_cannot_sign_in_with_one(users: Users) -> None:
    users.create("bob", ConsoleRole.VIEWER)
    assert users.sign_in("bob", "", "192.0.2.1") is None


def test_the_store_has_neither_passwords_nor_session_ids(users: Users, store: UserStore) -> None:
    alice = store.get("alice")
    assert alice is not None
    assert alice.password is not None
    assert alice.password.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    session_id = users.sign_in("alice", PASSWORD, "192.0.2.1")
    assert session_id is not None
    assert store.session(session_id) is None


def test_a_link_signs_in_once(users: Users) -> None:
    secret = users.make_link("alice", HOUR)
    assert users.user_of_link(secret) == "alice"
    assert users.use_link(secret, "") is not None
    assert users.use_link(secret, "") is None
    assert users.user_of_link(secret) is None


def test_a_link_expires(users: Users, clock: FakeClock) -> None:
    secret = users.make_link("alice", HOUR)
    clock.advance(HOUR.total_seconds())
    assert users.use_link(secret, "") is None


def test_a_short_password_does_not_use_up_the_link(users: Users) -> None:
    secret = users.make_link("alice", HOUR)
    with pytest.raises(UserError, match="at least 12"):
        users.use_link(secret, "short")
    assert users.use_link(secret, "") is not None


def test_a_new_password_ends_other_sessions(users: Users) -> None:
    before = users.sign_in("alice", PASSWORD, "192.0.2.1")
    users.use_link(users.make_link("alice", HOUR), "another password")
    assert before is not None
    assert users.user_of_session(before) is None


def test_idle_session_ends(users: Users, clock: FakeClock) -> None:
    session_id = users.sign_in("alice", PASSWORD, "192.0.2.1") or ""
    clock.advance(IDLE.total_seconds() - 1)
    assert users.user_of_session(session_id) is not None
    clock.advance(IDLE.total_seconds())
    assert users.user_of_session(session_id) is None


def test_a_session_in_use_ends_after_twelve_hours(users: Users, clock: FakeClock) -> None:
    session_id = users.sign_in("alice", PASSWORD, "192.0.2.1") or ""
    steps = int(LONGEST / timedelta(minutes=20))
    for _ in range(steps - 1):
        clock.advance(1200)
        assert users.user_of_session(session_id) is not None
    clock.advance(1200)
    assert users.user_of_session(session_id) is None


def test_signed_out_session_ends(users: Users) -> None:
    session_id = users.sign_in("alice", PASSWORD, "192.0.2.1") or ""
    users.sign_out(session_id)
    assert users.user_of_session(session_id) is None


def test_too_many_wrong_passwords_of_a_user_or_an_address(users: Users, clock: FakeClock) -> None:
    for number in range(ATTEMPTS):
        assert users.sign_in("alice", "wrong", f"192.0.2.{number}") is None
    with pytest.raises(TooManyAttemptsError):
        users.sign_in("alice", PASSWORD, "198.51.100.1")
    for number in range(ATTEMPTS):
        assert users.sign_in(f"nobody-{number}", "wrong", "203.0.113.9") is None
    with pytest.raises(TooManyAttemptsError):
        users.sign_in("bob", "wrong", "203.0.113.9")
    clock.advance(WINDOW.total_seconds())
    assert users.sign_in("alice", PASSWORD, "203.0.113.9") is not None


@pytest.mark.parametrize("name", ["", "a b", "ü", "x" * 65, "a\nb"])
def test_invalid_name(users: Users, name: str) -> None:
    with pytest.raises(UserError):
        users.create(name, ConsoleRole.VIEWER)


def test_a_taken_name(users: Users) -> None:
    with pytest.raises(UserError, match="already"):
        users.create("alice", ConsoleRole.ADMINISTRATOR)


def test_roles_are_nested() -> None:
    allowed = {
        role: {name for name in api_model().operations if allows(actions, name)} for role, actions in ACTIONS.items()
    }
    assert (
        allowed[ConsoleRole.VIEWER]
        < allowed[ConsoleRole.OPERATOR]
        < allowed[ConsoleRole.ADMINISTRATOR]
        == api_model().operations.keys()
    )
    assert (
        not {"RegisterCrossAccountAccessRole", "CreateWebhook", "DeleteAssessmentRun"} & allowed[ConsoleRole.OPERATOR]
    )


def test_every_action_of_the_operator_is_an_operation() -> None:
    named = {action.removeprefix("inspector:") for action in ACTIONS[ConsoleRole.OPERATOR] if "*" not in action}
    assert named <= api_model().operations.keys()
