"""Users and groups with their password ages (InspectorUser, InspectorGroup, F3.13). Hashes never leave the host."""

from collections.abc import Iterator, Mapping
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.account_file import GROUP, PASSWD, SHADOW, count_nis_lines, number, read_entries
from openinspector.agent.linux.config_file import MISSING, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Needs, Sensor, Trigger
from openinspector.model.inventory import Group, PasswordState, User

_PASSWD_FIELDS: Final = 7
_LEAST_PASSWD_FIELDS: Final = 4
"""The C library accepts a line that ends after the group id (fgetpwent(3)); missing fields are empty."""
_GROUP_FIELDS: Final = 4
_SHADOW_FIELDS: Final = 9
_IN_SHADOW: Final = "x"
_Shadow = Mapping[str, list[str]]


def collect(host: Host) -> Iterator[User | Group | Incomplete | Absent]:
    """Yield every user, then every group."""
    try:
        accounts, broken = _accounts(host)
    except MISSING:
        yield Absent(reason=f"No {PASSWD} on this host.")
        return
    except OSError as error:
        yield unread(PASSWD, error)
        return
    shadow: dict[str, list[str]] = {}
    try:
        shadow = {entry[0]: entry for entry in reversed(list(read_entries(host, SHADOW, _SHADOW_FIELDS)))}
    except MISSING:
        if any(account[1] == _IN_SHADOW for account in accounts):
            yield Incomplete(reason=f"No {SHADOW} on this host: password ages are unknown.")
    except OSError as error:
        yield unread(SHADOW, error)
    if broken:
        yield Incomplete(reason=f"Lines of {PASSWD} that are not accounts: {broken}.")
    yield from _nis(host)
    yield from _users(accounts, shadow)
    yield from _groups(host)


def _nis(host: Host) -> Iterator[Incomplete]:
    """Yield a sentence for each account file that also takes entries from NIS, which are not collected."""
    for path in (PASSWD, GROUP):
        try:
            lines = count_nis_lines(host, path)
        except OSError:  # reported by those who read its entries
            continue
        if lines:
            yield Incomplete(reason=f"Lines of {path} that take entries from NIS, which are not collected: {lines}.")


def _accounts(host: Host) -> tuple[list[list[str]], int]:
    """Return the accounts, each with all its fields, and the number of other lines; raise OSError."""
    accounts: list[list[str]] = []
    broken = 0
    for entry in read_entries(host, PASSWD, 1):
        if len(entry) < _LEAST_PASSWD_FIELDS:
            broken += 1
        else:
            accounts.append(entry + [""] * (_PASSWD_FIELDS - len(entry)))
    return accounts, broken


def _users(accounts: list[list[str]], shadow: _Shadow) -> Iterator[User | Incomplete]:
    broken = 0
    for name, password, uid_text, gid_text, _, home, shell, *_ in accounts:
        uid, gid = number(uid_text), number(gid_text)
        if uid is None or gid is None:
            broken += 1
            continue
        aged = shadow.get(name)
        ages = [number(text) for text in aged[2:8]] if aged else [None] * 6
        yield User(
            name=name,
            uid=uid,
            gid=gid,
            home=home,
            shell=shell,
            password=_state(password, aged),
            last_change_day=ages[0],
            min_age_days=ages[1],
            max_age_days=ages[2],
            warn_days=ages[3],
            inactive_days=ages[4],
            expire_day=ages[5],
        )
    if broken:
        yield Incomplete(reason=f"Accounts in {PASSWD} whose ids are not numbers: {broken}.")


def _groups(host: Host) -> Iterator[Group | Incomplete]:
    broken = 0
    try:
        for name, _, gid_text, members, *_ in read_entries(host, GROUP, _GROUP_FIELDS):
            gid = number(gid_text)
            if gid is None:
                broken += 1
            else:
                yield Group(name=name, gid=gid, members=tuple(part for part in members.strip().split(",") if part))
    except OSError as error:
        yield unread(GROUP, error)
    if broken:
        yield Incomplete(reason=f"Groups in {GROUP} whose ids are not numbers: {broken}.")


def _state(password: str, aged: list[str] | None) -> PasswordState:
    """Return the meaning of the password field; ``x`` in passwd refers to the field of the shadow file."""
    if password == _IN_SHADOW:
        if aged is None:
            return PasswordState.UNKNOWN
        password = aged[1]
    if not password:
        return PasswordState.EMPTY
    # A hash never starts with these: passwd -l writes "!", distributions write "*", "!!" and "*LK*".
    return PasswordState.LOCKED if password[0] in "!*" else PasswordState.SET


SENSOR: Final = Sensor(
    name="accounts",
    title="Users, groups and password ages",
    records=(User, Group),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
    needs=Needs(root=True),
)
