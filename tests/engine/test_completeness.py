from openinspector.engine.completeness import unseen
from openinspector.model.inventory import SensorState
from openinspector.testing.fact_builders import host, silent, troubled


def test_complete_sensors_have_no_gap() -> None:
    assert unseen(host(), ("pam", "accounts")) is None


def test_every_gap_is_named() -> None:
    facts = silent(troubled(host(), "accounts", "/etc/shadow: denied", SensorState.FAILED), "pam")
    gap = unseen(facts, ("pam", "accounts", "os_release"))
    assert gap is not None
    assert gap.reason == (
        "The host sent nothing from the sensor pam. The sensor accounts did not see everything. /etc/shadow: denied"
    )
    assert "root" in gap.recommendation
