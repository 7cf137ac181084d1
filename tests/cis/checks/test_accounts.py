import pytest
from tests.cis.judging import facts, judge

from openinspector.cis.catalogue import checks
from openinspector.cis.checks.accounts import PasswordAging
from openinspector.cis.host import JudgedHost
from openinspector.model.hardening import HomeFile, HomeFolder
from openinspector.model.inventory import Group, PasswordState, User
from openinspector.model.record import Record
from openinspector.model.tailoring import Tailoring

ROOT = User(name="root", uid=0, gid=0, shell="/bin/bash", password=PasswordState.SET, max_age_days=365)
ALICE = User(name="alice", uid=1000, gid=1000, shell="/bin/bash", password=PasswordState.SET, max_age_days=99999)
DAEMON = User(name="daemon", uid=1, gid=1, shell="/usr/sbin/nologin", password=PasswordState.LOCKED)
GROUPS = (Group(name="root", gid=0), Group(name="alice", gid=1000), Group(name="daemon", gid=1))


def other(name: str, uid: int, gid: int = 1000, shell: str = "/bin/bash") -> User:
    return User(name=name, uid=uid, gid=gid, shell=shell, password=PasswordState.SET)


def home(mode: int = 0o750, uid: int = 1000, files: tuple[HomeFile, ...] = (), *, exists: bool = True) -> HomeFolder:
    return HomeFolder(user="alice", path="/home/alice", exists=exists, mode=mode, uid=uid, gid=1000, files=files)


def dot(name: str, mode: int = 0o600, uid: int = 1000) -> HomeFile:
    return HomeFile(name=name, mode=mode, uid=uid, gid=1000)


HEALTHY = [
    "unique_uids",
    "unique_gids",
    "unique_user_names",
    "unique_group_names",
    "only_root_has_uid_0",
    "root_has_gid_0",
    "only_root_has_gid_0",
    "only_root_group_has_gid_0",
    "primary_groups_exist",
    "shadow_group_empty",
    "no_empty_passwords",
    "root_password_set",
    "system_accounts_no_shell",
    "system_accounts_locked",
]


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_host_meets_each_and_an_unread_one_does_not(name: str) -> None:
    assert judge(name, ROOT, ALICE, DAEMON, *GROUPS) == "Satisfied"
    assert judge(name, ROOT, ALICE, DAEMON, *GROUPS, incomplete=("accounts",)) == "Unknown"
    assert judge(name) == "Unknown"


@pytest.mark.parametrize(
    ("name", "records"),
    [
        ("unique_uids", (ALICE, other("bob", 1000))),
        ("unique_gids", (ALICE, *GROUPS, Group(name="wheel", gid=0))),
        ("unique_user_names", (ALICE, other("alice", 1001))),
        ("unique_group_names", (ALICE, Group(name="a", gid=1), Group(name="a", gid=2))),
        ("only_root_has_uid_0", (ROOT, other("toor", 0))),
        ("root_has_gid_0", (User(name="root", uid=0, gid=5),)),
        ("only_root_has_gid_0", (ROOT, other("bob", 1001, gid=0))),
        ("only_root_group_has_gid_0", (ROOT, Group(name="wheel", gid=0))),
        ("primary_groups_exist", (ALICE, GROUPS[0])),
        ("shadow_group_empty", (ALICE, Group(name="shadow", gid=42, members=("alice",)))),
        ("shadow_group_empty", (other("bob", 1001, gid=42), Group(name="shadow", gid=42))),
        ("no_empty_passwords", (User(name="bob", uid=1001, gid=1, password=PasswordState.EMPTY),)),
        ("system_accounts_no_shell", (other("www", 33),)),
        ("system_accounts_locked", (other("www", 33, shell="/usr/sbin/nologin"),)),
    ],
)
def test_each_fault_is_found(name: str, records: tuple[Record, ...]) -> None:
    assert judge(name, *records) == "Violated"


def test_ages_of_passwords_and_their_tailoring() -> None:
    aging = next(check for check in checks("password_max_age") if isinstance(check, PasswordAging))
    strict = Tailoring(variables={"password_max_age_days": "90"})
    assert type(aging.judge(JudgedHost(facts(ROOT)))).__name__ == "Satisfied"
    assert type(aging.judge(JudgedHost(facts(ROOT), strict))).__name__ == "Violated"
    assert type(aging.judge(JudgedHost(facts(ALICE)))).__name__ == "Violated"
    assert type(aging.judge(JudgedHost(facts(DAEMON)))).__name__ == "Inapplicable"


@pytest.mark.parametrize(
    ("name", "folder", "expected"),
    [
        ("homes_exist", home(), "Satisfied"),
        ("homes_exist", home(exists=False), "Violated"),
        ("homes_private", home(0o750), "Satisfied"),
        ("homes_private", home(0o755), "Violated"),
        ("homes_owned", home(uid=0), "Violated"),
        ("dot_files_owned", home(files=(dot(".bashrc", uid=0),)), "Violated"),
        ("dot_files_closed", home(files=(dot(".bashrc", 0o664),)), "Violated"),
        ("dot_files_closed", home(files=(dot(".bashrc", 0o644),)), "Satisfied"),
        ("history_private", home(files=(dot(".bash_history", 0o644),)), "Violated"),
        ("no_forward_files", home(files=(dot(".forward"),)), "Violated"),
        ("no_netrc_files", home(files=(dot(".bashrc"),)), "Satisfied"),
    ],
)
def test_home_folders(name: str, folder: HomeFolder, expected: str) -> None:
    assert judge(name, ALICE, folder) == expected


def test_home_folders_that_were_not_looked_at_are_unknown() -> None:
    assert judge("homes_exist", ALICE, home(), incomplete=("home_folders",)) == "Unknown"
    assert judge("homes_exist", ALICE) == "Inapplicable"
