import pytest

from openinspector.agent.linux.pam_stack import split_line
from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.pam import SENSOR
from openinspector.model.inventory import PamConfiguration, PamModule, SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost

DEBIAN: Files = {
    "/etc/pam.d/passwd": "# comment\n@include common-password\n",
    "/etc/pam.d/common-password": "password\trequisite\tpam_pwquality.so retry=3 minlen=14\n"
    "password [success=1 default=ignore] pam_unix.so obscure use_authtok \\\n    yescrypt remember=12 # five\n"
    "-password optional pam_gnome_keyring.so\n",
}


class TestPam(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return DEBIAN


def modules(files: Files) -> tuple[PamModule, ...]:
    (record,) = run(SENSOR, FakeHost(files))[0]
    assert isinstance(record, PamConfiguration)
    return record.modules


def test_a_service_with_its_includes_in_order() -> None:
    assert [module for module in modules(DEBIAN) if module.service == "passwd"] == [
        PamModule(
            service="passwd",
            facility="password",
            control="requisite",
            module="pam_pwquality.so",
            arguments=("retry=3", "minlen=14"),
            source="/etc/pam.d/common-password:1",
        ),
        PamModule(
            service="passwd",
            facility="password",
            control="[success=1 default=ignore]",
            module="pam_unix.so",
            arguments=("obscure", "use_authtok", "yescrypt", "remember=12"),
            source="/etc/pam.d/common-password:2",
        ),
        PamModule(
            service="passwd",
            facility="password",
            control="optional",
            module="pam_gnome_keyring.so",
            source="/etc/pam.d/common-password:4",
        ),
    ]


def test_include_and_substack_apply_to_one_facility() -> None:
    red_hat: Files = {
        "/etc/pam.d/passwd": "password substack system-auth\nauth include system-auth\n",
        "/etc/pam.d/system-auth": "auth required pam_env.so\npassword requisite /usr/lib64/security/pam_pwquality.so\n"
        "session optional pam_keyinit.so\npassword include inner\n",
        "/etc/pam.d/inner": "auth required pam_deny.so\npassword required pam_unix.so\n",
    }
    found = [(m.facility, m.module) for m in modules(red_hat) if m.service == "passwd"]
    assert found == [("password", "pam_pwquality.so"), ("password", "pam_unix.so"), ("auth", "pam_env.so")]


def test_local_file_overrides_the_vendor_file() -> None:
    files = {"/etc/pam.d/login": "auth required a.so\n", "/usr/lib/pam.d/login": "auth required b.so\n"}
    assert [module.module for module in modules(files)] == ["a.so"]


def test_bracketed_arguments_lose_their_brackets() -> None:
    line = r"auth required pam_exec.so [two words] plain [a\]b]"
    (module,) = modules({"/etc/pam.d/sshd": line})
    assert module.arguments == ("two words", "plain", "a]b")


def test_credentials_of_modules_stay_on_the_host() -> None:
    (module,) = modules({"/etc/pam.d/sshd": "auth required pam_mysql.so user=pam passwd=hunter2 minlen=8\n"})
    assert module.arguments == ("user=pam", "passwd=(not sent)", "minlen=8")


def test_mutual_includes_terminate() -> None:
    files = {"/etc/pam.d/login": "@include sshd\n", "/etc/pam.d/sshd": "@include login\nauth required a.so\n" * 50}
    records, status = run(SENSOR, FakeHost(files))
    assert [type(record) for record in records] == [PamConfiguration]
    assert status.state is SensorState.PARTIAL
    assert any("too many files or levels" in detail for detail in status.details)


def test_unclosed_bracket_extends_to_end_of_line() -> None:
    assert split_line("auth [default=ignore x.so a") == ["auth", "[default=ignore x.so a]"]
    assert split_line("auth required x.so [a \\") == ["auth", "required", "x.so", "a "]


@pytest.mark.parametrize("part", ["[ ", "[\\] ", "[", "\\"])
def test_mebibyte_of_open_brackets_takes_one_pass(part: str) -> None:
    assert len(split_line(f"auth {part * (2**20 // len(part))}")) == 2
