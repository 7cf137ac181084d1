"""Home folders of the accounts that can log in, and the dot files in them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from openinspector.cis.check import Breach
from openinspector.cis.host import JudgedHost
from openinspector.cis.verdict import Inapplicable, Satisfied, Verdict, Violated
from openinspector.model.evidence import Evidence
from openinspector.model.ground import subject
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
    find: Callable[[HomeFolder, User | None], Iterable[Breach]]
    remedy: str
    reads: tuple[type[Record], ...] = (HomeFolder, User)
    sensors: tuple[str, ...] = (_HOMES, _ACCOUNTS)

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge every home folder."""
        users = {user.name: user for user in host.all(User)}
        homes = host.all(HomeFolder)
        breaches = [breach for home in homes for breach in self.find(home, users.get(home.user))]
        if breaches:
            because = tuple(Evidence(statement=breach.text) for breach in breaches[:_MAX_LISTED])
            return Violated(
                evidence=Evidence(statement=f"Not met: {self.title}. Found: {len(breaches)}.", because=because),
                remedy=self.remedy,
                grounds=tuple(subject("home", breach.ground) for breach in breaches),
            )
        gap = host.missing(*self.sensors)
        if gap:
            return gap
        if not homes:
            return Inapplicable(reason="No account can log in.")
        return Satisfied(evidence=Evidence(statement=f"{self.title}: {len(homes)} home folders", source="/etc/passwd"))


def _missing_home(home: HomeFolder, user: User | None) -> Iterable[Breach]:
    del user
    return () if home.exists else (Breach(f"{home.path} absent", f"{home.path} of {home.user} does not exist"),)


def _open_home(home: HomeFolder, user: User | None) -> Iterable[Breach]:
    del user
    return (_mode(home.path, home.mode),) if home.exists and home.mode & 0o0027 else ()


def _foreign_home(home: HomeFolder, user: User | None) -> Iterable[Breach]:
    wrong = home.exists and user is not None and home.uid != user.uid
    text = f"{home.path} belongs to user id {home.uid}, not to {home.user}"
    return (Breach(f"{home.path} uid {home.uid}", text),) if wrong else ()


def _foreign_group_home(home: HomeFolder, user: User | None) -> Iterable[Breach]:
    wrong = home.exists and user is not None and home.gid != user.gid
    text = f"{home.path} has the group id {home.gid}, not that of {home.user}"
    return (Breach(f"{home.path} gid {home.gid}", text),) if wrong else ()


def _foreign_dot_files(home: HomeFolder, user: User | None) -> Iterable[Breach]:
    wrong = [file for file in home.files if user is not None and file.uid != user.uid]
    for file in wrong:
        path = f"{home.path}/{file.name}"
        yield Breach(f"{path} uid {file.uid}", f"{path} belongs to user id {file.uid}")


def _foreign_group_dot_files(home: HomeFolder, user: User | None) -> Iterable[Breach]:
    wrong = [file for file in home.files if user is not None and file.gid != user.gid]
    for file in wrong:
        path = f"{home.path}/{file.name}"
        yield Breach(f"{path} gid {file.gid}", f"{path} has the group id {file.gid}")


def _open_dot_files(home: HomeFolder, user: User | None) -> Iterable[Breach]:
    del user
    for file in home.files:
        excess = _PRIVATE if file.name in _HISTORIES else _INITIALIZATION & 0o0022
        if file.mode & excess:
            yield _mode(f"{home.path}/{file.name}", file.mode)


def _mode(path: str, mode: int) -> Breach:
    return Breach(f"{path} {mode:04o}", f"{path} has mode {mode:04o}")


def named_file(name: str, title: str) -> Homes:
    """Return the requirement that no home folder holds a file of a name."""

    def find(home: HomeFolder, user: User | None) -> Iterable[Breach]:
        del user
        for file in home.files:
            if file.name == name:
                path = f"{home.path}/{file.name}"
                yield Breach(path, f"{path} exists")

    return Homes(title, find, f"Remove {name} from each home folder.")


def private_file(name: str, title: str) -> Homes:
    """Return the requirement that a file of home folders is private to its owner."""

    def find(home: HomeFolder, user: User | None) -> Iterable[Breach]:
        del user
        for file in home.files:
            if file.name == name and file.mode & _PRIVATE:
                yield _mode(f"{home.path}/{file.name}", file.mode)

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
