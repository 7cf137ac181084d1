import msgspec
import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.accounts import SENSOR
from openinspector.model.inventory import Group, PasswordState, SensorState, User
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, FakeSystem, Node

HASH = "$y$j9T$secretsalt$secrethash"
FILES: Files = {
    "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\n"
    "alice:x:1000:1000:Alice,,,:/home/alice:/bin/bash\n"
    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
    "bob:x:1001:1001::/home/bob:/bin/sh\n"
    "carol:x:1002:1002::/home/carol:/bin/sh\n",
    "/etc/group": "root:x:0:\nsudo:x:27:alice,bob\n",
    "/etc/shadow": f"root:!:19700:0:99999:7:::\n"
    f"alice:{HASH}:19701:1:90:14:30:20000:\n"
    "daemon:*:19700:0:99999:7:::\n"
    "bob::19700:0:99999:7:::\n",
}


class TestAccounts(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def users(host: FakeHost) -> dict[str, User]:
    return {record.name: record for record in run(SENSOR, host)[0] if isinstance(record, User)}


def test_users_with_their_ages() -> None:
    assert users(FakeHost(FILES))["alice"] == User(
        name="alice",
        uid=1000,
        gid=1000,
        home="/home/alice",
        shell="/bin/bash",
        password=PasswordState.SET,
        last_change_day=19701,
        min_age_days=1,
        max_age_days=90,
        warn_days=14,
        inactive_days=30,
        expire_day=20000,
    )


def test_password_field() -> None:
    assert {name: user.password for name, user in users(FakeHost(FILES)).items()} == {
        "root": PasswordState.LOCKED,
        "alice": PasswordState.SET,
        "daemon": PasswordState.LOCKED,
        "bob": PasswordState.EMPTY,
        "carol": PasswordState.UNKNOWN,
    }


def test_groups_and_members() -> None:
    groups = [record for record in run(SENSOR, FakeHost(FILES))[0] if isinstance(record, Group)]
    assert groups == [Group(name="root", gid=0), Group(name="sudo", gid=27, members=("alice", "bob"))]


def test_hashes_never_leave_the_host() -> None:
    old = {**FILES, "/etc/passwd": f"old:{HASH}:5:5::/:/bin/sh\n"}
    for files in (FILES, old):
        records, status = run(SENSOR, FakeHost(files))
        sent = msgspec.json.encode((records, status))
        assert b"secret" not in sent
    assert users(FakeHost(old))["old"].password is PasswordState.SET


def test_without_root_the_shadow_file_is_reported_missing() -> None:
    files = {**FILES, "/etc/shadow": Node(content=b"root:!:1::::::\n", mode=0o640)}
    host = FakeHost(files, FakeSystem(is_root=False))
    _, status = run(SENSOR, host)
    assert status.state is SensorState.PARTIAL
    assert "/etc/shadow could not be read" in status.details[0]
    assert {user.password for user in users(host).values()} == {PasswordState.UNKNOWN}


def test_non_numeric_ids_are_counted() -> None:
    records, status = run(SENSOR, FakeHost({"/etc/passwd": "x:*:zero:0::/:\n", "/etc/group": "", "/etc/shadow": ""}))
    assert records == []
    assert status.details == ("Accounts in /etc/passwd whose ids are not numbers: 1.",)


def test_groups_without_a_number_are_counted() -> None:
    files = {"/etc/passwd": "", "/etc/group": "root:x:0:\nodd:x:none:\n"}
    records, status = run(SENSOR, FakeHost(files))
    assert len(records) == 1
    assert status.state is SensorState.PARTIAL
    assert "Groups in /etc/group whose ids are not numbers: 1." in status.details


@pytest.mark.parametrize(
    ("line", "name", "uid", "home"),
    [
        ("toor::0:0", "toor", 0, ""),
        ("boss::0:0::/root", "boss", 0, "/root"),
        (" \tchief::0:0:::", "chief", 0, ""),
    ],
)
def test_shortest_account_the_c_library_accepts(line: str, name: str, uid: int, home: str) -> None:
    records, status = run(SENSOR, FakeHost({**FILES, "/etc/passwd": f"{line}\n"}))
    (user,) = [record for record in records if isinstance(record, User)]
    assert (user.name, user.uid, user.home, user.password) == (name, uid, home, PasswordState.EMPTY)
    assert status.state is SensorState.OK


def test_lines_that_are_not_accounts_are_counted() -> None:
    _, status = run(SENSOR, FakeHost({**FILES, "/etc/passwd": "root:x:0:0:::\na:x:0\nb\n\n# c\n"}))
    assert status.details == ("Lines of /etc/passwd that are not accounts: 2.",)


def test_lines_of_nis_are_counted() -> None:
    files = {**FILES, "/etc/passwd": "root:x:0:0:::\n+@admins::::::\n+::::::\n", "/etc/group": "root:x:0:\n+:::\n"}
    records, status = run(SENSOR, FakeHost(files))
    assert [record.name for record in records if isinstance(record, User)] == ["root"]
    assert status.details == (
        "Lines of /etc/passwd that take entries from NIS, which are not collected: 2.",
        "Lines of /etc/group that take entries from NIS, which are not collected: 1.",
    )
