"""Nothing is built in that no run can reach: sensors, records, rules."""

from openinspector.agent.registry import sensors
from openinspector.model.record import Record
from openinspector.model.system_family import SystemFamily
from openinspector.service.app.rule_catalogue import discover_rules
from openinspector.service.app.sensor_catalogue import sensors_for
from openinspector.wire.record_kind import RECORD_KINDS

RULES = [rule for rules in discover_rules().values() for rule in rules.values()]
SENT_BY_THE_COLLECTION = {"MonitoringStart", "SensorStatus"}
"""Records that every collection sends itself: how it began, and how each sensor ended."""


def test_every_sensor_is_asked_by_some_run() -> None:
    asked = {name for family in SystemFamily for name in sensors_for(RULES, family)}
    assert set(sensors()) == asked


def test_every_sensor_reads_some_system_that_asks_for_it() -> None:
    unread = {
        name
        for name, sensor in sensors().items()
        if not any(name in sensors_for(RULES, family) for family in sensor.systems)
    }
    assert not unread


def test_every_record_kind_is_sent_by_some_sensor_and_decodes() -> None:
    sent = {kind.__name__ for sensor in sensors().values() for kind in sensor.records}
    assert sent | SENT_BY_THE_COLLECTION == set(RECORD_KINDS)


def test_every_record_that_a_rule_reads_is_sent_in_its_runs() -> None:
    known = sensors()
    for rule in RULES:
        assert set(rule.sensors) <= set(known), rule.name
        asked = {name for family in SystemFamily for name in sensors_for([rule], family)}
        sent: set[type[Record]] = {kind for name in asked for kind in known[name].records}
        assert set(rule.reads) <= sent, rule.name
