import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.linux.sshd_file import SshdFiles
from openinspector.agent.linux.sshd_match import ClientConnection
from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.sshd_configuration import SENSOR, effective
from openinspector.model.inventory import SensorState, SshdConfiguration, SshdConnection
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


def test_values_and_their_sources() -> None:
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
        ("Match User *,!bob\nPermitRootLogin yes\n", "permitrootlogin", "yes"),
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
    ],
)
def test_line_parsing(text: str, keyword: str, value: str) -> None:
    assert values(text)[keyword] == value


def test_a_block_ends_with_its_file() -> None:
    found = values(
        "Include one\nX11Forwarding yes\n",
        one="Match User bob\nX11Forwarding no\nInclude two\n",
        two="PasswordAuthentication no\n",
    )
    assert (found["x11forwarding"], found["passwordauthentication"]) == ("yes", "yes")


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


def test_either_keyword_enables_keyboard_interactive_before_8_7() -> None:
    old = b"OpenSSH_8.0p1"
    assert values("", old)["kbdinteractiveauthentication"] == "yes"
    assert values("ChallengeResponseAuthentication no\n", old)["kbdinteractiveauthentication"] == "no"


@pytest.mark.parametrize(
    ("banner", "release", "has_sha1_exchange"),
    [
        (b"OpenSSH_9.2p1", "ID=debian", False),
        (b"OpenSSH_7.6p1", "ID=ubuntu", True),
        (b"OpenSSH_7.2p2", "ID=ubuntu", None),
        (b"OpenSSH_8.7p1", 'ID="rhel"', None),
        (b"OpenSSH_9.6p1", 'ID="sles"', None),
        (b"no banner", "ID=debian", None),
    ],
)
def test_default_algorithms_are_reported_only_if_known(
    banner: bytes, release: str, *, has_sha1_exchange: bool | None
) -> None:
    found = configuration({"/usr/sbin/sshd": banner, MAIN: "", "/etc/os-release": release}).values
    exchanges = found.get("kexalgorithms")
    assert (exchanges and "diffie-hellman-group14-sha1" in exchanges.split(",")) == has_sha1_exchange


def test_service_options_take_precedence() -> None:
    found = configuration({**DEBIAN, "/etc/default/ssh": "SSHD_OPTS='-o PasswordAuthentication=yes -p 2222'\n"})
    assert (found.values["passwordauthentication"], found.values["port"]) == ("yes", "2222")
    assert found.sources["passwordauthentication"] == "/etc/default/ssh:1"


def test_unreadable_file_yields_no_record() -> None:
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


def test_mutual_includes_terminate() -> None:
    records, status = run(SENSOR, FakeHost({"/usr/sbin/sshd": PROGRAM, MAIN: "Include sshd_config\n" * 3}))
    assert (records, status.state) == ([], SensorState.PARTIAL)


def root(text: str) -> list[dict[str, str]]:
    """Return the differences for root, one entry for each kind of connection."""
    found = configuration({"/usr/sbin/sshd": PROGRAM, MAIN: text})
    return [connection.values for connection in found.connections if connection.user == "root"]


def test_root_is_evaluated_apart_from_ordinary_users() -> None:
    found = configuration(
        {"/usr/sbin/sshd": PROGRAM, MAIN: "PermitRootLogin no\nMatch User root\nPermitRootLogin yes\n"}
    )
    assert found.values["permitrootlogin"] == "no"
    assert found.connections == (
        SshdConnection(
            user="root", ip_version=4, values={"permitrootlogin": "yes"}, sources={"permitrootlogin": f"{MAIN}:3"}
        ),
    )


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ("Group root", [{"permitrootlogin": "yes"}]),
        ("User root Address 10.0.0.0/8", []),
        ("User root Address *,!10.0.0.0/8", [{"permitrootlogin": "yes"}]),
        ("User root Address 0.0.0.0/0", [{"permitrootlogin": "yes"}, {}]),
        ("User root Address ::/0", [{}, {"permitrootlogin": "yes"}]),
        ("User root LocalPort 22", [{"permitrootlogin": "yes"}]),
        ("User root LocalPort 2222", []),
        ("User bob", []),
        ("Group wheel", []),
    ],
)
def test_root_from_any_address(criteria: str, expected: list[dict[str, str]]) -> None:
    assert root(f"PermitRootLogin no\nMatch {criteria}\nPermitRootLogin yes\n") == expected


def test_every_port_that_a_block_names_is_evaluated() -> None:
    text = "Port 22\nPort 2222\nPermitRootLogin no\nMatch LocalPort 2222\nPermitRootLogin yes\n"
    found = configuration({"/usr/sbin/sshd": PROGRAM, MAIN: text}).connections
    assert [(each.user, each.local_port, each.values) for each in found] == [
        ("", 2222, {"permitrootlogin": "yes"}),
        ("root", 22, {}),
        ("root", 2222, {"permitrootlogin": "yes"}),
    ]


def test_the_groups_of_root_are_those_of_the_host() -> None:
    files: Files = {
        "/usr/sbin/sshd": PROGRAM,
        MAIN: "Match Group admins\nPasswordAuthentication no\n",
        "/etc/passwd": "root:x:0:0::/root:/bin/sh\n",
        "/etc/group": "wheel:x:0:\nadmins:x:7:alice,root\n",
    }
    (found,) = configuration(files).connections
    assert (found.user, found.values) == ("root", {"passwordauthentication": "no"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Foo yes\n", "foo is not a keyword of this sshd"),
        ("PermitRootLogin\n", "permitrootlogin has no argument"),
        ("PermitRootLogin maybe\n", "maybe is not a value of permitrootlogin"),
        ("PermitRootLogin no yes\n", "permitrootlogin has more than one argument"),
        ("MaxAuthTries few\n", "few is not a number"),
        ("LoginGraceTime 5x\n", "5x is not a duration"),
        ('Banner "abc\n', "a quotation mark is not closed"),
        ("Match\n", "Match has no criteria"),
        ("Match all User bob\n", "Match all takes no other criteria"),
        ("Match Colour red\n", "Colour is not a criterion of Match"),
        ("Match User\n", "the criterion User of Match has no argument"),
        ("Match Address 10.0.0.1/8\n", "10.0.0.1/8 is not a network: the length does not fit the address"),
        ("Match LocalPort 70000\n", "70000 is not a port"),
        ("Match User bob\nUsePAM yes\n", "usepam is not allowed in a Match block"),
    ],
)
def test_a_configuration_that_sshd_refuses_is_reported(text: str, reason: str) -> None:
    program = PROGRAM + b"permitrootlogin\0banner\0maxauthtries\0logingracetime\0usepam\0"
    records, status = run(SENSOR, FakeHost({"/usr/sbin/sshd": program, MAIN: text}))
    assert (records, status.state) == ([], SensorState.PARTIAL)
    line = text.count("\n")
    assert status.details == (f"sshd refuses its configuration: {MAIN}:{line}: {reason}.",)


def test_options_that_sshd_refuses_are_reported() -> None:
    files = {**DEBIAN, "/etc/default/ssh": "SSHD_OPTS='-o PermitRootLogin=maybe'\n"}
    records, status = run(SENSOR, FakeHost(files))
    assert records == []
    assert status.details == (
        "sshd refuses its configuration: /etc/default/ssh:1: maybe is not a value of permitrootlogin.",
    )


needs_sshd = pytest.mark.skipif(not shutil.which("sshd") or os.geteuid() != 0, reason="no sshd to compare with")


@pytest.fixture
def privilege_separation() -> Iterator[None]:
    """Make the folder without which sshd does not even test a configuration, if the service has not made it."""
    folder = Path("/run/sshd")
    absent = not folder.exists()
    folder.mkdir(exist_ok=True)
    yield
    if absent:
        folder.rmdir()


def ask_sshd(*arguments: str) -> dict[str, str] | None:
    """Return what ``sshd -T`` prints, or None if it refuses the configuration."""
    done = subprocess.run(["sshd", "-T", *arguments], capture_output=True, check=False, text=True)
    if done.returncode:
        assert "privilege separation" not in done.stderr
        return None
    printed: dict[str, str] = {}
    for line in done.stdout.splitlines():
        keyword, _, value = line.partition(" ")
        printed[keyword] = f"{printed[keyword]} {value}" if keyword in printed else value
    if printed.get("permitrootlogin") == "without-password":
        printed["permitrootlogin"] = "prohibit-password"
    return printed


@needs_sshd
@pytest.mark.usefixtures("privilege_separation")
def test_agrees_with_sshd_on_this_host() -> None:
    printed = ask_sshd()
    assert printed
    (record,) = run(SENSOR, LocalHost())[0]
    assert isinstance(record, SshdConfiguration)
    # Debian's updates of 9.2 add this name of 9.9 for a key exchange that 9.2 has.
    printed["kexalgorithms"] = printed["kexalgorithms"].removeprefix("sntrup761x25519-sha512,")
    found = {keyword: value for keyword, value in record.values.items() if keyword in printed}
    assert found == {keyword: printed[keyword] for keyword in found}


CONNECTIONS = st.builds(
    ClientConnection,
    user=st.just("root"),
    groups=st.just(("root",)),
    address=st.sampled_from(["10.1.2.3", "198.51.100.7", "2001:db8::7"]),
    local_address=st.sampled_from(["10.0.0.1", "192.0.2.1"]),
    local_port=st.sampled_from([22, 2222]),
    version=st.just(""),
)
PATTERNS = {
    "User": ["root", "bob", "*", "!bob,*", "!root,*", "!bob", "r??t", "bob,root", '"bob,root"', "ROOT", "[root]", ""],
    "Group": ["root", "wheel", "*", "!root,*", "!wheel,*", "no*,ro*"],
    "Host": ["10.*", "*", "2001:DB8::7", "!10.*,*"],
    "Address": [
        "10.0.0.0/8",
        "*",
        "!10.0.0.0/8,*",
        "*,!10.0.0.0/8",
        "!10.0.0.0/8",
        "10.*",
        "::/0",
        "0.0.0.0/0",
        "10.0.0.1/8",
        "198.51.100.7",
        "2001:db8::/32",
        "2001:DB8:0::7",
        "foo",
        "10.0.0.0/33",
        "10.0.0.0/x",
        "10.1.2.?",
    ],
    "LocalAddress": ["10.0.0.1", "192.0.2.0/24", "*"],
    "LocalPort": ["22", "2222", "0", "ssh", "70000"],
    "all": ["", "", "", "User root"],
    "Colour": ["red"],
}
CRITERION = st.sampled_from(sorted(PATTERNS)).flatmap(
    lambda name: st.builds(
        lambda separator, patterns: (
            f"{name}{separator}{patterns}".strip() if name == "all" else f"{name}{separator}{patterns}"
        ),
        st.sampled_from([" ", "  ", "=", " = "]),
        st.sampled_from(PATTERNS[name]),
    )
)
LINES = st.one_of(
    st.lists(CRITERION, min_size=1, max_size=2).map(lambda criteria: "Match " + " ".join(criteria)),
    st.sampled_from(
        [
            *(
                f"PermitRootLogin {value}"
                for value in ("yes", "no", "No", "without-password", "maybe", '"yes"', "yes # x", "yes no")
            ),
            *(f"PasswordAuthentication {value}" for value in ("yes", "no", "true", "'no'", "=no", '"no', "\\no")),
            *(f"MaxAuthTries {value}" for value in ("3", "x", "-1", "")),
            *(f"LoginGraceTime {value}" for value in ("2m", "1h30m", "5x", "90")),
            *(f"AllowUsers {value}" for value in ("root alice", "*@10.0.0.0/8", '"two words" x')),
            *(
                "X11Forwarding yes",
                "DisableForwarding yes",
                "Ciphers -*-ctr",
                "Ciphers ^aes256-ctr,aes128-ctr",
                "MACs -hmac-sha1*,umac-*",
                "MACs +hmac-md5,hmac-sha1",
                "KexAlgorithms -diffie-hellman-*",
                "KexAlgorithms curve25519-sha256",
                "Banner /etc/issue",
                "Banner /a\\ b",
                "# comment",
                "  ",
                "UsePAM no",
                "Frobnicate yes",
            ),
            *("StrictModes no", "\tPermitTunnel = yes", '"PermitTTY" no', "=", "Match"),
        ]
    ),
)


@needs_sshd
@pytest.mark.usefixtures("privilege_separation")
def test_agrees_with_sshd_on_any_configuration(tmp_path_factory: pytest.TempPathFactory) -> None:
    """For one connection: the same lines are refused, and the same values result (``sshd -T -C``)."""
    file = tmp_path_factory.mktemp("sshd") / "config"
    program = Path(shutil.which("sshd") or "").read_bytes()
    (installed, *_), _ = run(SENSOR, FakeHost({"/usr/sbin/sshd": program, MAIN: ""}))
    assert isinstance(installed, SshdConfiguration)
    version = installed.version

    @settings(max_examples=150, deadline=None)
    @given(st.lists(LINES, max_size=6), CONNECTIONS)
    def check(lines: list[str], connection: ClientConnection) -> None:
        file.write_text("\n".join([*lines, ""]))
        c = connection
        asked = f"user={c.user},host={c.address},addr={c.address},laddr={c.local_address},lport={c.local_port}"
        printed = ask_sshd("-f", str(file), "-C", asked)
        _, status = run(SENSOR, FakeHost({"/usr/sbin/sshd": program, MAIN: file.read_text()}))
        refused = any("sshd refuses" in detail for detail in status.details)
        assert refused == (printed is None), status.details
        if printed is not None:
            found = effective(SshdFiles(LocalHost()).settings(str(file)), replace(connection, version=version))[0]
            printed["kexalgorithms"] = printed["kexalgorithms"].removeprefix("sntrup761x25519-sha512,")
            same = {keyword: value for keyword, value in found.items() if keyword in printed}
            assert same == {keyword: printed[keyword] for keyword in same}

    check()


def test_file_named_by_the_service_is_read() -> None:
    files: Files = {**DEBIAN, "/etc/default/ssh": "SSHD_OPTS='-f /etc/ssh/other'\n"}
    assert configuration({**files, "/etc/ssh/other": "PermitRootLogin yes\n"}).values["permitrootlogin"] == "yes"
    records, status = run(SENSOR, FakeHost(files))
    assert records == []
    assert status.details == ("/etc/ssh/other could not be read: No such file or directory.",)
