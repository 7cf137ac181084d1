import shutil
import subprocess

import pytest

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.sshd_configuration import SENSOR
from openinspector.model.inventory import SensorState, SshdConfiguration
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, FakeSystem, Node

MAIN = "/etc/ssh/sshd_config"
PROGRAM = b"\x7fELF\0OpenSSH_2.*,OpenSSH_3.0*\0OpenSSH_9.2p1 Debian-2+deb12u3\0"
DEBIAN: Files = {
    "/usr/sbin/sshd": PROGRAM,
    MAIN: "Include /etc/ssh/sshd_config.d/*.conf\nKbdInteractiveAuthentication no\nUsePAM yes\nX11Forwarding yes\n",
    "/etc/ssh/sshd_config.d/50-cloud.conf": "PasswordAuthentication no\n",
}


class TestSshdConfiguration(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return DEBIAN


def configuration(files: Files) -> SshdConfiguration:
    (record,) = run(SENSOR, FakeHost(files))[0]
    assert isinstance(record, SshdConfiguration)
    return record


def values(text: str, program: bytes = PROGRAM, **more: str) -> dict[str, str]:
    files = {f"/etc/ssh/{name}": content for name, content in more.items()}
    return configuration({"/usr/sbin/sshd": program, MAIN: text, **files}).values


def test_what_is_set_and_where() -> None:
    found = configuration(DEBIAN)
    assert (found.installed, found.version) == (True, "9.2p1")
    assert found.values["passwordauthentication"] == "no"
    assert found.sources == {
        "passwordauthentication": "/etc/ssh/sshd_config.d/50-cloud.conf:1",
        "kbdinteractiveauthentication": "/etc/ssh/sshd_config:2",
        "usepam": "/etc/ssh/sshd_config:3",
        "x11forwarding": "/etc/ssh/sshd_config:4",
    }
    assert found.values["permitrootlogin"] == "prohibit-password"


@pytest.mark.parametrize(
    ("text", "keyword", "value"),
    [
        ("PermitRootLogin yes\nPermitRootLogin no\n", "permitrootlogin", "yes"),
        ("permitrootlogin=no\n", "permitrootlogin", "no"),
        ("  PermitRootLogin  =  No # why\n", "permitrootlogin", "no"),
        ("PermitRootLogin without-password\n", "permitrootlogin", "prohibit-password"),
        ("#PermitRootLogin yes\n", "permitrootlogin", "prohibit-password"),
        ("Match all\nPermitRootLogin no\n", "permitrootlogin", "no"),
        ("PermitRootLogin yes\nMatch all\nPermitRootLogin no\n", "permitrootlogin", "no"),
        ("PermitRootLogin yes\nMatch User *\nPermitRootLogin no\n", "permitrootlogin", "no"),
        ("PermitRootLogin no\nMatch Address 10.0.0.0/8\nPermitRootLogin yes\n", "permitrootlogin", "no"),
        ("Match User bob\nPermitRootLogin yes\nMatch all\nPermitRootLogin no\n", "permitrootlogin", "no"),
        ("Match User *,!bob\nPermitRootLogin yes\n", "permitrootlogin", "prohibit-password"),
        ("StrictModes yes\nMatch all\nStrictModes no\n", "strictmodes", "yes"),
        ("Match all\nStrictModes no\n", "strictmodes", "no"),
        ("Port 22\nMatch all\nPort 2222\n", "port", "22 2222"),
        ('"PermitRootLogin" yes\n', "permitrootlogin", "yes"),
        ("LoginGraceTime 2m30s\n", "logingracetime", "150"),
        ("ClientAliveInterval 5m\n", "clientaliveinterval", "300"),
        ('Banner "/etc/my banner"\n', "banner", "/etc/my banner"),
        ("AllowUsers a b\nAllowUsers c\n", "allowusers", "a b c"),
        ("Port 22\nPort 2222\n", "port", "22 2222"),
        ("LogLevel verbose\n", "loglevel", "VERBOSE"),
        ("ChallengeResponseAuthentication no\n", "kbdinteractiveauthentication", "no"),
        ("Protocol 1\n", "protocol", "2"),
        ("StrictModes\n", "strictmodes", "yes"),
    ],
)
def test_how_sshd_reads_a_line(text: str, keyword: str, value: str) -> None:
    """Each but the ``*`` blocks, quoted keywords and those no block may set was compared with ``sshd -T`` of 9.2p1."""
    assert values(text)[keyword] == value


def test_a_block_ends_with_its_file() -> None:
    found = values(
        "Include one\nX11Forwarding yes\n", one="Match User bob\nX11Forwarding no\nInclude two\n", two="UsePAM yes\n"
    )
    assert (found["x11forwarding"], found["usepam"]) == ("yes", "no")


def test_includes_are_relative_sorted_and_skip_hidden_files() -> None:
    files: Files = {
        "/usr/sbin/sshd": PROGRAM,
        MAIN: "Include conf.d/*.conf missing\n",
        "/etc/ssh/conf.d/20.conf": "MaxAuthTries 2\n",
        "/etc/ssh/conf.d/10.conf": "MaxAuthTries 1\n",
        "/etc/ssh/conf.d/.00.conf": "MaxAuthTries 9\n",
        "/etc/ssh/conf.d/05.conf.rpmsave": "MaxAuthTries 8\n",
    }
    assert configuration(files).sources == {"maxauthtries": "/etc/ssh/conf.d/10.conf:1"}


@pytest.mark.parametrize(
    ("banner", "release", "root_login", "protocol"),
    [
        (b"OpenSSH_9.8p1", "ID=debian", "prohibit-password", "2"),
        (b"OpenSSH_8.0p1", 'ID="almalinux"', "yes", "2"),
        (b"OpenSSH_8.7p1", 'ID="rhel"', "prohibit-password", "2"),
        (b"OpenSSH_7.4p1", 'ID="amzn"\nID_LIKE="centos rhel fedora"', "yes", "2"),
        (b"OpenSSH_7.2p2", "ID=ubuntu", "prohibit-password", "1"),
        (b"OpenSSH_6.6.1p1", "ID=ubuntu", "yes", "1"),
        (b"no banner", "ID=debian", "prohibit-password", "2"),
    ],
)
def test_defaults_by_version_and_distribution(banner: bytes, release: str, root_login: str, protocol: str) -> None:
    found = configuration({"/usr/sbin/sshd": banner, MAIN: "Protocol 1\n", "/etc/os-release": release}).values
    assert (found["permitrootlogin"], found["protocol"]) == (root_login, protocol)


def test_before_8_7_either_keyword_turns_the_keyboard_method_on() -> None:
    old = b"OpenSSH_8.0p1"
    assert values("", old)["kbdinteractiveauthentication"] == "yes"
    assert values("ChallengeResponseAuthentication no\n", old)["kbdinteractiveauthentication"] == "no"


def test_options_of_the_service_come_first() -> None:
    found = configuration({**DEBIAN, "/etc/default/ssh": "SSHD_OPTS='-o PasswordAuthentication=yes -p 2222'\n"})
    assert (found.values["passwordauthentication"], found.values["port"]) == ("yes", "2222")
    assert found.sources["passwordauthentication"] == "/etc/default/ssh:1"


def test_a_file_that_cannot_be_read_leaves_no_false_record() -> None:
    files = {**DEBIAN, "/etc/ssh/sshd_config.d/50-cloud.conf": Node(mode=0o600)}
    records, status = run(SENSOR, FakeHost(files, FakeSystem(is_root=False)))
    assert records == []
    assert status.state is SensorState.PARTIAL
    assert "50-cloud.conf could not be read" in status.details[0]


def test_a_configuration_left_by_a_removed_server() -> None:
    assert configuration({MAIN: "PermitRootLogin yes\n"}) == SshdConfiguration(installed=False)


def test_a_server_without_configuration_cannot_start() -> None:
    records, status = run(SENSOR, FakeHost({"/usr/sbin/sshd": PROGRAM}))
    assert (records, status.state) == ([], SensorState.PARTIAL)


def test_files_that_include_each_other_end() -> None:
    records, status = run(SENSOR, FakeHost({"/usr/sbin/sshd": PROGRAM, MAIN: "Include sshd_config\n" * 3}))
    assert (records, status.state) == ([], SensorState.PARTIAL)


@pytest.mark.skipif(not shutil.which("sshd"), reason="sshd is absent: no oracle")
def test_it_agrees_with_sshd() -> None:
    printed = subprocess.run(["sshd", "-T"], capture_output=True, check=True, text=True).stdout
    wanted: dict[str, str] = {}
    for line in printed.splitlines():
        keyword, _, value = line.partition(" ")
        wanted[keyword] = f"{wanted[keyword]} {value}" if keyword in wanted else value
    (record,) = run(SENSOR, LocalHost())[0]
    assert isinstance(record, SshdConfiguration)
    found = {keyword: value for keyword, value in record.values.items() if keyword in wanted}
    found["permitrootlogin"] = found["permitrootlogin"].replace("prohibit-password", "without-password")
    assert found == {keyword: wanted[keyword] for keyword in found}


def test_the_file_that_the_service_names_is_the_one() -> None:
    files: Files = {**DEBIAN, "/etc/default/ssh": "SSHD_OPTS='-f /etc/ssh/other'\n"}
    assert configuration({**files, "/etc/ssh/other": "PermitRootLogin yes\n"}).values["permitrootlogin"] == "yes"
    records, status = run(SENSOR, FakeHost(files))
    assert records == []
    assert status.details == ("/etc/ssh/other could not be read: No such file or directory.",)
