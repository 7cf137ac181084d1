import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.windows_security_policy import POLICY, SENSOR
from openinspector.model.inventory import SensorState
from openinspector.model.windows import ASKED, WindowsSecurityPolicy
from openinspector.model.windows_policy import USER_RIGHTS, LocalPolicy, PolicyPart
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, FakeSystem
from openinspector.testing.windows_documents import recorded_windows, render_security_policy

SECTIONS = {
    "System Access": {"MinimumPasswordLength": "14", "PasswordComplexity": "1", "LockoutBadCount": "5"},
    "Event Audit": {"AuditLogonEvents": "3"},
    "Registry Values": {r"MACHINE\System\CurrentControlSet\Control\Lsa\LimitBlankPasswordUse": "4,1"},
    "Privilege Rights": {"SeNetworkLogonRight": "*S-1-5-32-544,*S-1-5-11", "SeTcbPrivilege": ""},
}


class TestWindowsSecurityPolicy(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return recorded_windows({}, {"security-policy.inf": render_security_policy(SECTIONS)})


def test_the_whole_policy() -> None:
    records, status = run(SENSOR, FakeHost({POLICY: render_security_policy(SECTIONS)}))
    assert records == [
        WindowsSecurityPolicy(
            source=POLICY,
            exported_at=0,
            system_access=SECTIONS["System Access"],
            event_audit=SECTIONS["Event Audit"],
            privilege_rights=dict.fromkeys(USER_RIGHTS, ()) | {"SeNetworkLogonRight": ("*S-1-5-32-544", "*S-1-5-11")},
            registry_values=SECTIONS["Registry Values"],
        )
    ]
    assert status.state is SensorState.OK


def test_missing_export_explains_secedit() -> None:
    records, status = run(SENSOR, FakeHost(recorded_windows({})))
    assert (records, status.state) == ([], SensorState.PARTIAL)
    assert "secedit /export" in status.details[0]


def test_partial_export_names_missing_areas() -> None:
    policy = render_security_policy({"System Access": {"MinimumPasswordLength": "14"}})
    _, status = run(SENSOR, FakeHost({POLICY: policy}))
    assert status.state is SensorState.PARTIAL
    assert len(status.details) == 2


ANSWERED = LocalPolicy(
    system_access={"MinimumPasswordLength": "12"},
    audit_subcategories={"Logon": 1},
    refused={PolicyPart.PASSWORD_PROPERTIES: "SamConnect answered 0x5", PolicyPart.RIGHTS: "x"},
)


def test_windows_is_asked_before_the_export() -> None:
    host = FakeHost({POLICY: render_security_policy(SECTIONS)}, FakeSystem(local_policy=ANSWERED))
    records, status = run(SENSOR, host)
    assert [getattr(record, "source", "") for record in records] == [ASKED, POLICY]
    # The export has what Windows refused.
    assert status.state is SensorState.OK


def test_parts_in_no_source_are_named() -> None:
    records, status = run(SENSOR, FakeHost(recorded_windows({}), FakeSystem(local_policy=ANSWERED)))
    assert len(records) == 1
    assert status.state is SensorState.PARTIAL
    assert [detail for detail in status.details if "password complexity: SamConnect answered 0x5" in detail]
    assert len(status.details) == 2


def test_a_damaged_export_does_not_hide_what_windows_says() -> None:
    records, status = run(SENSOR, FakeHost({POLICY: b"\xff\xfe\0"}, FakeSystem(local_policy=ANSWERED)))
    assert (len(records), status.state) == (1, SensorState.PARTIAL)


def test_utf_16_without_a_mark_is_refused() -> None:
    policy = render_security_policy(SECTIONS)[2:]
    records, status = run(SENSOR, FakeHost({POLICY: policy}))
    assert (records, status.state) == ([], SensorState.PARTIAL)
