"""Home folders of the accounts that can log in, and the dot files in them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from openinspector.cis.check import Inapplicable, Satisfied, Tailoring, Verdict, Violated, missing
from openinspector.engine.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.hardening import HomeFolder
from openinspector.model.inventory import User
from openinspector.model.record import Record

_HOMES: Final = "home_folders"
_ACCOUNTS: Final = "accounts"
_MAX_LISTED: Final = 10
_INITIALIZATION: Final = 0o0137
_PRIVATE: Final = 0o0177
_HISTORIES: Final = (".netrc", ".rhosts", ".bash_history")


@dataclass(frozen=True, slots=True)
class Homes:
    """No home folder of an account that can log in has a fault of one kind."""

    title: str
    find: Callable[[HomeFolder, User | None], Iterable[str]]
    remedy: str
    reads: tuple[type[Record], ...] = (HomeFolder, User)
    sensors: tuple[str, ...] = (_HOMES, _ACCOUNTS)

    def judge(self, facts: HostFacts, tailoring: Tailoring) -> Verdict:
        """Judge every home folder."""
        del tailoring
        users = {user.name: user for user in facts.all(User)}
        homes = facts.all(HomeFolder)
        faults = [fault for home in homes for fault in self.find(home, users.get(home.user))]
        if faults:
            because = tuple(Evidence(statement=fault) for fault in faults[:_MAX_LISTED])
            return Violated(
                evidence=Evidence(statement=f"Not met: {self.title}. Found: {len(faults)}.", because=because),
                remedy=self.remedy,
            )
        gap = missing(facts, *self.sensors)
        if gap:
            return gap
        if not homes:
            return Inapplicable(reason="No account can log in.")
        return Satisfied(evidence=Evidence(statement=f"{self.title}: {len(homes)} home folders", source="/etc/passwd"))


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
