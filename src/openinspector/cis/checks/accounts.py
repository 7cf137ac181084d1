"""Accounts and groups: unique names and ids, passwords, system accounts, home folders."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from openinspector.cis.check import Inapplicable, Satisfied, Tailoring, Unknown, Variable, Verdict, Violated, missing
from openinspector.cis.expectation import AtLeast, AtMost
from openinspector.engine.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.hardening import HomeFolder
from openinspector.model.inventory import Group, PasswordState, User
from openinspector.model.record import Record

_SENSOR: Final = "accounts"
_HOMES: Final = "home_folders"
_FIRST_PERSON: Final = 1000
_NOBODY: Final = 65534
_NO_SHELLS: Final = ("", "/bin/false", "/usr/bin/false", "/sbin/nologin", "/usr/sbin/nologin", "/bin/nologin")
_SYSTEM_LOGINS: Final = ("root", "sync", "shutdown", "halt", "nfsnobody")
_MAX_LISTED: Final = 10

_AGEING: Final = {
    "max_age_days": "maximum password age",
    "min_age_days": "minimum password age",
    "warn_days": "warning before its password expires",
    "inactive_days": "grace period after its password expires",
}
"""Fields of `User`, as titles name them."""

Find = Callable[[HostFacts], Iterable[str]]
"""Returns one sentence for each fault."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """No account or group has a fault of one kind."""

    title: str
    find: Find
    remedy: str
    reads: tuple[type[Record], ...] = (User, Group)
    sensors: tuple[str, ...] = (_SENSOR,)

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> Verdict:
        """Judge the account database."""
        del tailoring
        gap = missing(facts, *self.sensors)
        if gap:
            return gap
        if not facts.all(User):
            return Unknown(reason="The host sent no accounts.")
        faults = list(self.find(facts))
        if faults:
            because = tuple(Evidence(statement=fault) for fault in faults[:_MAX_LISTED])
            return Violated(
                evidence=Evidence(statement=f"{len(faults)} faults: not met: {self.title}", because=because),
                remedy=self.remedy,
            )
        return Satisfied(evidence=Evidence(statement=self.title, source="/etc/passwd, /etc/group, /etc/shadow"))


@dataclass(frozen=True, slots=True)
class PasswordAging:
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

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> Verdict:
        """Judge each account with a password."""
        gap = missing(facts, _SENSOR)
        if gap:
            return gap
        users = [user for user in facts.all(User) if user.password is PasswordState.SET]
        if not users:
            return Inapplicable(reason="No account has a password.")
        wrong = [user for user in users if not self.expected.accepts(str(getattr(user, self.field)), tailoring)]
        if wrong:
            because = tuple(
                Evidence(statement=f"{user.name}: {getattr(user, self.field)}", source="/etc/shadow")
                for user in wrong[:_MAX_LISTED]
            )
            return Violated(
                evidence=Evidence(statement=f"{len(wrong)} accounts: not met: {self.title}", because=because),
                remedy=f"Set it with chage(1), for example for {wrong[0].name}.",
            )
        return Satisfied(evidence=Evidence(statement=self.title, source="/etc/shadow"))


@dataclass(frozen=True, slots=True)
class Homes:
    """No home folder of an account that can log in has a fault of one kind."""

    title: str
    find: Callable[[HomeFolder, User | None], Iterable[str]]
    remedy: str
    reads: tuple[type[Record], ...] = (HomeFolder, User)
    sensors: tuple[str, ...] = (_HOMES, _SENSOR)

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> Verdict:
        """Judge every home folder."""
        del tailoring
        users = {user.name: user for user in facts.all(User)}
        homes = facts.all(HomeFolder)
        faults = [fault for home in homes for fault in self.find(home, users.get(home.user))]
        if faults:
            because = tuple(Evidence(statement=fault) for fault in faults[:_MAX_LISTED])
            return Violated(
                evidence=Evidence(statement=f"{len(faults)} faults: not met: {self.title}", because=because),
                remedy=self.remedy,
            )
        gap = missing(facts, *self.sensors)
        if gap:
            return gap
        if not homes:
            return Inapplicable(reason="No account can log in.")
        return Satisfied(evidence=Evidence(statement=f"{self.title}: {len(homes)} home folders", source="/etc/passwd"))


def _repeated(values: Iterable[object], what: str) -> Iterable[str]:
    return (f"{what} {value} is used {count} times" for value, count in Counter(values).items() if count > 1)


def _can_log_in(user: User) -> bool:
    return user.shell not in _NO_SHELLS


def _is_system(user: User) -> bool:
    return (user.uid < _FIRST_PERSON or user.uid == _NOBODY) and user.name not in _SYSTEM_LOGINS


def _orphan_groups(facts: HostFacts) -> Iterable[str]:
    known = {group.gid for group in facts.all(Group)}
    return (
        f"{user.name} has the primary group {user.gid}, which /etc/group lacks"
        for user in facts.all(User)
        if user.gid not in known
    )


def _shadow_members(facts: HostFacts) -> Iterable[str]:
    for group in facts.all(Group):
        if group.name == "shadow":
            yield from (f"{member} is in the group shadow" for member in group.members)
            yield from (f"{u.name} has the primary group shadow" for u in facts.all(User) if u.gid == group.gid)


UNIQUE_UIDS: Final = Accounts(
    "User ids are unique",
    lambda f: _repeated((u.uid for u in f.all(User)), "The user id"),
    "Give each account an id of its own, then correct the owners of its files.",
)
UNIQUE_GIDS: Final = Accounts(
    "Group ids are unique",
    lambda f: _repeated((g.gid for g in f.all(Group)), "The group id"),
    "Give each group an id of its own.",
)
UNIQUE_USER_NAMES: Final = Accounts(
    "User names are unique",
    lambda f: _repeated((u.name for u in f.all(User)), "The user name"),
    "Rename or remove the repeated accounts.",
)
UNIQUE_GROUP_NAMES: Final = Accounts(
    "Group names are unique",
    lambda f: _repeated((g.name for g in f.all(Group)), "The group name"),
    "Rename or remove the repeated groups.",
)
ONLY_ROOT_HAS_UID_0: Final = Accounts(
    "Only root has the user id 0",
    lambda f: (u.name for u in f.all(User) if u.uid == 0 and u.name != "root"),
    "Give the other accounts an id of their own, or remove them.",
)
ROOT_HAS_GID_0: Final = Accounts(
    "root's primary group has the id 0",
    lambda f: (f"root has the group {u.gid}" for u in f.all(User) if u.name == "root" and u.gid != 0),
    "Run `usermod -g 0 root`.",
)
ONLY_ROOT_HAS_GID_0: Final = Accounts(
    "Only root has the primary group 0",
    lambda f: (
        u.name for u in f.all(User) if u.gid == 0 and u.name not in ("root", "sync", "shutdown", "halt", "operator")
    ),
    "Give the other accounts another primary group.",
)
ONLY_ROOT_GROUP_HAS_GID_0: Final = Accounts(
    "Only the group root has the id 0",
    lambda f: (g.name for g in f.all(Group) if g.gid == 0 and g.name != "root"),
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
    lambda f: (u.name for u in f.all(User) if u.password is PasswordState.EMPTY),
    "Lock each with `passwd -l NAME`, or set a password.",
)
ROOT_PASSWORD_SET: Final = Accounts(
    "root has a password or is locked",
    lambda f: (u.name for u in f.all(User) if u.name == "root" and u.password is PasswordState.EMPTY),
    "Set a password with `passwd root`.",
)
SYSTEM_ACCOUNTS_CANNOT_LOG_IN: Final = Accounts(
    "System accounts have no login shell",
    lambda f: (f"{u.name} has the shell {u.shell}" for u in f.all(User) if _is_system(u) and _can_log_in(u)),
    "Run `usermod -s /usr/sbin/nologin NAME` for each.",
)
SYSTEM_ACCOUNTS_LOCKED: Final = Accounts(
    "System accounts have no usable password",
    lambda f: (u.name for u in f.all(User) if _is_system(u) and not _can_log_in(u) and u.password is PasswordState.SET),
    "Run `usermod -L NAME` for each.",
)

_INITIALIZATION: Final = 0o0137
_PRIVATE: Final = 0o0177
_HISTORIES: Final = (".netrc", ".rhosts", ".bash_history")


def _missing_home(home: HomeFolder, user: User | None) -> Iterable[str]:
    del user
    return () if home.exists else (f"{home.path} of {home.user} does not exist",)


def _open_home(home: HomeFolder, user: User | None) -> Iterable[str]:
    del user
    return (f"{home.path} has mode {home.mode:04o}",) if home.exists and home.mode & 0o0027 else ()


def _foreign_home(home: HomeFolder, user: User | None) -> Iterable[str]:
    wrong = home.exists and user is not None and home.uid != user.uid
    return (f"{home.path} belongs to user id {home.uid}, not to {home.user}",) if wrong else ()


def _foreign_group_home(home: HomeFolder, user: User | None) -> Iterable[str]:
    wrong = home.exists and user is not None and home.gid != user.gid
    return (f"{home.path} has the group id {home.gid}, not that of {home.user}",) if wrong else ()


def _foreign_dot_files(home: HomeFolder, user: User | None) -> Iterable[str]:
    wrong = [file for file in home.files if user is not None and file.uid != user.uid]
    return (f"{home.path}/{file.name} belongs to user id {file.uid}" for file in wrong)


def _foreign_group_dot_files(home: HomeFolder, user: User | None) -> Iterable[str]:
    wrong = [file for file in home.files if user is not None and file.gid != user.gid]
    return (f"{home.path}/{file.name} has the group id {file.gid}" for file in wrong)


def _open_dot_files(home: HomeFolder, user: User | None) -> Iterable[str]:
    del user
    for file in home.files:
        excess = _PRIVATE if file.name in _HISTORIES else _INITIALIZATION & 0o0022
        if file.mode & excess:
            yield f"{home.path}/{file.name} has mode {file.mode:04o}"


def named_file(name: str, title: str) -> Homes:
    """Return the requirement that no home folder holds a file of a name."""

    def find(home: HomeFolder, user: User | None) -> Iterable[str]:
        del user
        return (f"{home.path}/{file.name} exists" for file in home.files if file.name == name)

    return Homes(title, find, f"Remove {name} from each home folder.")


def private_file(name: str, title: str) -> Homes:
    """Return the requirement that a file of home folders is private to its owner."""

    def find(home: HomeFolder, user: User | None) -> Iterable[str]:
        del user
        return (
            f"{home.path}/{file.name} has mode {file.mode:04o}"
            for file in home.files
            if file.name == name and file.mode & _PRIVATE
        )

    return Homes(title, find, f"Run `chmod 0600` on {name} of each home folder.")


HOMES_EXIST: Final = Homes("Every home folder exists", _missing_home, "Create each with `mkhomedir_helper NAME`.")
HOMES_PRIVATE: Final = Homes("Home folders have mode 0750 or stricter", _open_home, "Run `chmod g-w,o-rwx` on each.")
HOMES_OWNED: Final = Homes("Home folders belong to their users", _foreign_home, "Run `chown USER` on each.")
HOMES_GROUPED: Final = Homes("Home folders have their user's group", _foreign_group_home, "Run `chgrp` on each.")
DOT_FILES_OWNED: Final = Homes("Dot files belong to their users", _foreign_dot_files, "Run `chown USER` on each.")
DOT_FILES_GROUPED: Final = Homes("Dot files have their user's group", _foreign_group_dot_files, "Run `chgrp` on each.")
DOT_FILES_CLOSED: Final = Homes(
    "Dot files cannot be written by group or others",
    _open_dot_files,
    "Run `chmod go-w` on each; histories and .netrc need mode 0600.",
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
