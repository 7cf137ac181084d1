"""Accounts and groups: unique names and ids, passwords, system accounts."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from openinspector.cis.check import Breach, SensedCheck
from openinspector.cis.expectation import AtLeast, AtMost
from openinspector.cis.host import JudgedHost
from openinspector.cis.verdict import Inapplicable, Satisfied, Unknown, Verdict, Violated
from openinspector.model.evidence import Evidence
from openinspector.model.ground import subject
from openinspector.model.inventory import Group, PasswordState, User
from openinspector.model.record import Record
from openinspector.model.tailoring import Tailoring, Variable

_SENSOR: Final = "accounts"
_FIRST_PERSON: Final = 1000
_NOBODY: Final = 65534
_NO_SHELLS: Final = ("", "/bin/false", "/usr/bin/false", "/sbin/nologin", "/usr/sbin/nologin", "/bin/nologin")
_SYSTEM_LOGINS: Final = ("root", "sync", "shutdown", "halt", "nfsnobody")
_IN_ROOTS_GROUP: Final = ("root", "sync", "shutdown", "halt", "operator")
_MAX_LISTED: Final = 10

_AGEING: Final = {
    "max_age_days": "maximum password age",
    "min_age_days": "minimum password age",
    "warn_days": "warning before its password expires",
    "inactive_days": "grace period after its password expires",
}
"""Fields of `User`, as titles name them."""


Find = Callable[[JudgedHost], Iterable[Breach]]
"""Returns the breaches of a host."""


@dataclass(frozen=True, slots=True)
class Accounts(SensedCheck):
    """No account or group has a fault of one kind."""

    title: str
    find: Find
    remedy: str
    reads: tuple[type[Record], ...] = (User, Group)
    sensors: tuple[str, ...] = (_SENSOR,)

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the account database."""
        if not host.all(User):
            return Unknown(reason="The host sent no accounts.")
        breaches = list(self.find(host))
        if breaches:
            because = tuple(Evidence(statement=breach.text) for breach in breaches[:_MAX_LISTED])
            return Violated(
                evidence=Evidence(statement=f"Not met: {self.title}. Found: {len(breaches)}.", because=because),
                remedy=self.remedy,
                grounds=tuple(subject("account", breach.ground) for breach in breaches),
            )
        return Satisfied(evidence=Evidence(statement=self.title, source="/etc/passwd, /etc/group, /etc/shadow"))


@dataclass(frozen=True, slots=True)
class PasswordAging(SensedCheck):
    """Every account with a password has an ageing value that meets a limit (shadow(5))."""

    field: str
    """Attribute of `User`: ``max_age_days``, ``min_age_days``, ``warn_days``, ``inactive_days``."""
    expected: AtMost | AtLeast
    reads: tuple[type[Record], ...] = (User,)
    sensors: tuple[str, ...] = (_SENSOR,)

    @property
    def title(self) -> str:
        """The field and its limit."""
        return f"Each account's {_AGEING[self.field]} is {self.expected.wanted(Tailoring())} days"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge each account with a password."""
        users = [user for user in host.all(User) if user.password is PasswordState.SET]
        if not users:
            return Inapplicable(reason="No account has a password.")
        wrong = [user for user in users if not self.expected.accepts(str(getattr(user, self.field)), host.tailoring)]
        if wrong:
            because = tuple(
                Evidence(statement=f"{user.name}: {getattr(user, self.field)}", source="/etc/shadow")
                for user in wrong[:_MAX_LISTED]
            )
            return Violated(
                evidence=Evidence(statement=f"Not met: {self.title}. Accounts: {len(wrong)}.", because=because),
                remedy=f"Set it with chage(1), for example for {wrong[0].name}.",
                grounds=tuple(subject("account", f"{user.name} {getattr(user, self.field)}") for user in wrong),
            )
        return Satisfied(evidence=Evidence(statement=self.title, source="/etc/shadow"))


def _users(is_wrong: Callable[[User], bool]) -> Find:
    """Return a search that names the users for which ``is_wrong`` is true."""
    return lambda host: (Breach(f"{user.name} {user.uid}", user.name) for user in host.all(User) if is_wrong(user))


def _repeated(values: Iterable[object], what: str) -> Iterable[Breach]:
    for value, count in Counter(values).items():
        if count > 1:
            yield Breach(f"{value} {count}", f"{what} {value} is used {count} times")


def _repeated_uids(host: JudgedHost) -> Iterable[Breach]:
    return _repeated((user.uid for user in host.all(User)), "The user id")


def _repeated_gids(host: JudgedHost) -> Iterable[Breach]:
    return _repeated((group.gid for group in host.all(Group)), "The group id")


def _repeated_user_names(host: JudgedHost) -> Iterable[Breach]:
    return _repeated((user.name for user in host.all(User)), "The user name")


def _repeated_group_names(host: JudgedHost) -> Iterable[Breach]:
    return _repeated((group.name for group in host.all(Group)), "The group name")


def _is_second_root(user: User) -> bool:
    return user.uid == 0 and user.name != "root"


def _wrong_group_of_root(host: JudgedHost) -> Iterable[Breach]:
    for user in host.all(User):
        if user.name == "root" and user.gid != 0:
            yield Breach(f"root {user.gid}", f"root has the group {user.gid}")


def _is_in_roots_group(user: User) -> bool:
    return user.gid == 0 and user.name not in _IN_ROOTS_GROUP


def _second_root_groups(host: JudgedHost) -> Iterable[Breach]:
    for group in host.all(Group):
        if group.gid == 0 and group.name != "root":
            yield Breach(group.name, group.name)


def _has_empty_password(user: User) -> bool:
    return user.password is PasswordState.EMPTY


def _is_open_root(user: User) -> bool:
    return user.name == "root" and _has_empty_password(user)


def _is_system(user: User) -> bool:
    return (user.uid < _FIRST_PERSON or user.uid == _NOBODY) and user.name not in _SYSTEM_LOGINS


def _can_log_in(user: User) -> bool:
    return user.shell not in _NO_SHELLS


def _system_shells(host: JudgedHost) -> Iterable[Breach]:
    for user in host.all(User):
        if _is_system(user) and _can_log_in(user):
            yield Breach(f"{user.name} {user.shell}", f"{user.name} has the shell {user.shell}")


def _is_unlocked_system_account(user: User) -> bool:
    return _is_system(user) and not _can_log_in(user) and user.password is PasswordState.SET


def _orphan_groups(host: JudgedHost) -> Iterable[Breach]:
    known = {group.gid for group in host.all(Group)}
    for user in host.all(User):
        if user.gid not in known:
            text = f"{user.name} has the primary group {user.gid}, which /etc/group lacks"
            yield Breach(f"{user.name} {user.gid}", text)


def _shadow_members(host: JudgedHost) -> Iterable[Breach]:
    for group in host.all(Group):
        if group.name == "shadow":
            for member in group.members:
                yield Breach(f"{member} member", f"{member} is in the group shadow")
            for user in host.all(User):
                if user.gid == group.gid:
                    yield Breach(f"{user.name} primary group", f"{user.name} has the primary group shadow")


UNIQUE_UIDS: Final = Accounts(
    "User ids are unique",
    _repeated_uids,
    "Give each account an id of its own, then correct the owners of its files.",
)
UNIQUE_GIDS: Final = Accounts(
    "Group ids are unique",
    _repeated_gids,
    "Give each group an id of its own.",
)
UNIQUE_USER_NAMES: Final = Accounts(
    "User names are unique",
    _repeated_user_names,
    "Rename or remove the repeated accounts.",
)
UNIQUE_GROUP_NAMES: Final = Accounts(
    "Group names are unique",
    _repeated_group_names,
    "Rename or remove the repeated groups.",
)
ONLY_ROOT_HAS_UID_0: Final = Accounts(
    "Only root has the user id 0",
    _users(_is_second_root),
    "Give the other accounts an id of their own, or remove them.",
)
ROOT_HAS_GID_0: Final = Accounts(
    "root's primary group has the id 0",
    _wrong_group_of_root,
    "Run `usermod -g 0 root`.",
)
ONLY_ROOT_HAS_GID_0: Final = Accounts(
    "Only root has the primary group 0",
    _users(_is_in_roots_group),
    "Give the other accounts another primary group.",
)
ONLY_ROOT_GROUP_HAS_GID_0: Final = Accounts(
    "Only the group root has the id 0",
    _second_root_groups,
    "Give the other groups an id of their own.",
)
PRIMARY_GROUPS_EXIST: Final = Accounts(
    "Every primary group exists", _orphan_groups, "Create the groups or correct the accounts."
)
SHADOW_GROUP_EMPTY: Final = Accounts(
    "The group shadow has no members", _shadow_members, "Remove the members with `gpasswd -d USER shadow`."
)
NO_EMPTY_PASSWORDS: Final = Accounts(
    "No account has an empty password",
    _users(_has_empty_password),
    "Lock each with `passwd -l NAME`, or set a password.",
)
ROOT_PASSWORD_SET: Final = Accounts(
    "root has a password or is locked",
    _users(_is_open_root),
    "Set a password with `passwd root`.",
)
SYSTEM_ACCOUNTS_CANNOT_LOG_IN: Final = Accounts(
    "System accounts have no login shell",
    _system_shells,
    "Run `usermod -s /usr/sbin/nologin NAME` for each.",
)
SYSTEM_ACCOUNTS_LOCKED: Final = Accounts(
    "System accounts have no usable password",
    _users(_is_unlocked_system_account),
    "Run `usermod -L NAME` for each.",
)

MAX_PASSWORD_AGE: Final = Variable(
    name="password_max_age_days", default="365", description="Longest lifetime of a password in days."
)
MIN_PASSWORD_AGE: Final = Variable(
    name="password_min_age_days", default="1", description="Days before a password may be changed again."
)
PASSWORD_WARNING: Final = Variable(
    name="password_warning_days", default="7", description="Days of warning before a password expires."
)
INACTIVITY: Final = Variable(
    name="password_inactive_days", default="45", description="Days after which an expired password locks its account."
)
