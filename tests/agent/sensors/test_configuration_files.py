import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.configuration_files import MAX_FILES, SENSOR, redacted
from openinspector.model.hardening import CollectedPaths, ConfigurationFile, ConfigurationLine
from openinspector.model.inventory import SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost

SECRETS = {
    "/etc/rsyslog.conf": 'action(type="omhttp" server="https://bob:hunter2@logs.example")\npassword=hunter2\n',
    "/etc/sudoers": "Defaults env_keep\n# hunter2\n",
    "/boot/grub2/user.cfg": "GRUB2_PASSWORD=grub.pbkdf2.sha512.10000.HUNTER2\n",
    "/boot/grub/grub.cfg": "password_pbkdf2 root grub.pbkdf2.sha512.10000.HUNTER2\nlinux /vmlinuz audit=1\n",
    "/etc/systemd/journal-upload.conf": "-----BEGIN RSA PRIVATE KEY-----\nHUNTER2\n-----END RSA PRIVATE KEY-----\n",
    "/root/.bashrc": "export API_TOKEN=hunter2\numask 077\n",
    "/etc/fstab": "//nas/share /mnt cifs username=bob,password=hunter2 0 0\n",
    "/etc/crontab": "0 1 * * * root backup --password hunter2\n",
    "/etc/postfix/main.cf": "inet_interfaces = loopback-only\nsmtp_sasl_password_maps = static:hunter2\n",
}


class TestConfigurationFiles(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return {"/etc/sudoers": "Defaults use_pty\n"}


def files_of(host: FakeHost) -> list[ConfigurationFile]:
    return [record for record in run(SENSOR, host)[0] if isinstance(record, ConfigurationFile)]


def test_lines_without_comments_with_their_numbers() -> None:
    host = FakeHost({"/etc/sudoers.d/x": "# no\n\nDefaults use_pty\nbob ALL=(ALL) \\\n  NOPASSWD: ALL\n"})
    assert files_of(host) == [
        ConfigurationFile(
            path="/etc/sudoers.d/x",
            lines=(
                ConfigurationLine(number=3, text="Defaults use_pty"),
                ConfigurationLine(number=4, text="bob ALL=(ALL)    NOPASSWD: ALL"),
            ),
        )
    ]


def test_tabs_become_spaces_because_facts_show_control_characters_replaced() -> None:
    (sudoers,) = files_of(FakeHost({"/etc/sudoers": "Defaults\tuse_pty\n"}))
    assert sudoers.lines[0].text == "Defaults use_pty"


def test_banners_keep_lines_that_look_like_comments() -> None:
    (motd,) = files_of(FakeHost({"/etc/motd": "# Authorized users only\n"}))
    assert motd.lines[0].text == "# Authorized users only"


def test_shell_files_are_limited_to_benchmark_settings() -> None:
    (bashrc,) = files_of(FakeHost({"/root/.bashrc": "alias x=y\numask 077\nTMOUT=600\n"}))
    assert [line.text for line in bashrc.lines] == ["umask 077", "TMOUT=600"]


def test_no_secret_leaves_the_host() -> None:
    records, status = run(SENSOR, FakeHost(SECRETS))
    assert "hunter2" not in str(records).lower()
    assert "/etc/systemd/journal-upload.conf holds a private key and is not sent." in status.details


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ("rocommunity: public", "rocommunity: (set)"),
        ("community public", "community (set)"),
        ("bind_password = 'a b'", "bind_password = (set)"),
        ("url = https://bob:pw@example.org/x", "url = https://(set)@example.org/x"),
        ("root:$6$salt$abcdef", "root:(set)"),
        ("PasswordAuthentication no", "PasswordAuthentication (set)"),
        ('action(type="omhttp" pwd="a b" uid="bob")', 'action(type="omhttp" pwd=(set) uid="bob")'),
        ("PATH=$PWD/bin:/bin", "PATH=$PWD/bin:/bin"),
        ("Defaults use_pty", "Defaults use_pty"),
    ],
)
def test_redaction(line: str, sent: str) -> None:
    assert redacted(line) == sent


def test_patterns_of_the_paths_are_sent() -> None:
    """So that a file that is absent differs from one that the sensor does not read."""
    records, _ = run(SENSOR, FakeHost({"/etc/sudoers": "Defaults use_pty\n"}))
    (collected,) = (record for record in records if isinstance(record, CollectedPaths))
    assert "/etc/sudoers.d/*" in collected.whole
    assert "/etc/login.defs" in collected.partial
    assert not set(collected.whole) & set(collected.partial)


def test_file_limit_is_reported() -> None:
    host = FakeHost({f"/etc/sudoers.d/{n:04}": "x\n" for n in range(MAX_FILES + 20)})
    _, status = run(SENSOR, host)
    assert len(files_of(host)) == MAX_FILES
    assert status.state is SensorState.PARTIAL
