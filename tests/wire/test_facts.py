import msgspec

from openinspector.model.inventory import (
    Group,
    MonitoringStart,
    Package,
    PackageManager,
    SensorState,
    SensorStatus,
    User,
)
from openinspector.wire.codec import encode_record
from openinspector.wire.facts import PackageMemory, build_facts
from openinspector.wire.telemetry import TelemetryMessage

AGENT = "host-" + "0" * 17


def start(collection: int) -> TelemetryMessage:
    record = MonitoringStart(agent_version="1", sensors=("accounts",), collection=collection)
    return encode_record("agent", record)


def group(name: str, sensor: str = "accounts") -> TelemetryMessage:
    return encode_record(sensor, Group(name=name, gid=1))


def status(records: int, state: SensorState = SensorState.OK, sensor: str = "accounts") -> TelemetryMessage:
    return encode_record(sensor, SensorStatus(sensor=sensor, state=state, records=records))


def names(*messages: TelemetryMessage) -> list[str]:
    return [found.name for found in build_facts(AGENT, messages).all(Group)]


def test_no_message_gives_no_facts() -> None:
    facts = build_facts(AGENT, ())
    assert (facts.agent_id, facts.records, facts.sensors, facts.undecoded) == (AGENT, {}, {}, 0)


def test_finished_collection_is_used() -> None:
    facts = build_facts(AGENT, [start(1), group("root"), group("wheel"), status(2)])
    assert [found.name for found in facts.all(Group)] == ["root", "wheel"]
    assert facts.complete("accounts")
    started = facts.only(MonitoringStart)
    assert started is not None
    assert started.collection == 1


def test_the_newest_finished_collection_replaces_the_older_one() -> None:
    assert names(start(1), group("old"), status(1), start(2), group("new"), status(1)) == ["new"]


def test_an_unfinished_newer_collection_is_ignored() -> None:
    assert names(start(1), group("old"), status(1), start(2), group("new")) == ["old"]


def test_new_collection_discards_an_unfinished_one() -> None:
    assert names(start(1), group("half"), start(2), group("whole"), status(1)) == ["whole"]


def test_incomplete_collection_does_not_replace_a_complete_one() -> None:
    assert names(start(1), group("old"), status(1), start(2), group("new"), status(2)) == ["old"]


def test_complete_collection_replaces_an_incomplete_one() -> None:
    facts = build_facts(AGENT, [group("half"), status(2), group("a"), group("b"), status(2)])
    assert [found.name for found in facts.all(Group)] == ["a", "b"]
    assert facts.complete("accounts")


def test_the_only_collection_with_records_missing_is_partial() -> None:
    facts = build_facts(AGENT, [start(1), group("half"), status(3)])
    assert [found.name for found in facts.all(Group)] == ["half"]
    assert facts.sensors["accounts"].state is SensorState.PARTIAL
    assert facts.sensors["accounts"].details == ("1 of 3 records arrived.",)
    assert not facts.complete("accounts")


def test_a_failed_sensor_stays_failed_when_records_are_missing() -> None:
    assert build_facts(AGENT, [status(3, SensorState.FAILED)]).sensors["accounts"].state is SensorState.FAILED


def test_empty_successful_collection_clears_records() -> None:
    assert names(group("gone"), status(1), status(0)) == []


def test_an_undecodable_message_is_counted_and_makes_the_sensor_partial() -> None:
    broken = TelemetryMessage(sensor="accounts", kind="Group", payload=msgspec.Raw(b'{"name":1}'))
    facts = build_facts(AGENT, [group("root"), broken, status(2)])
    assert facts.undecoded == 1
    assert facts.sensors["accounts"].state is SensorState.PARTIAL


def test_sensor_reports_only_its_own_status() -> None:
    foreign = encode_record("dpkg", SensorStatus(sensor="accounts", state=SensorState.OK, records=0))
    facts = build_facts(AGENT, [group("root"), foreign, status(1)])
    assert facts.undecoded == 1
    assert [found.name for found in facts.all(Group)] == ["root"]


def test_records_of_one_kind_from_two_sensors_are_merged() -> None:
    facts = build_facts(AGENT, [group("b", "two"), status(1, sensor="two"), group("a", "one"), status(1, sensor="one")])
    assert [found.name for found in facts.all(Group)] == ["a", "b"]


def test_kinds_are_kept_apart() -> None:
    user = encode_record("accounts", User(name="root", uid=0, gid=0))
    facts = build_facts(AGENT, [group("root"), user, status(2)])
    assert len(facts.all(Group)) == len(facts.all(User)) == 1


def package(version: str) -> TelemetryMessage:
    found = Package(
        manager=PackageManager.DPKG,
        name="bash\n",
        version=version,
        architecture="amd64",
        source_name="bash",
        source_version=version,
    )
    return encode_record("dpkg", found)


def test_equal_packages_of_two_hosts_are_one_object() -> None:
    memory = PackageMemory()
    first = build_facts(AGENT, [package("1"), package("2"), status(2, sensor="dpkg")], memory).all(Package)
    second = build_facts(AGENT, [package("2"), status(1, sensor="dpkg")], memory).all(Package)
    assert [found.version for found in (*first, *second)] == ["1", "2", "2"]
    assert first[1] is second[0]
    assert "\n" not in first[0].name
    assert first == build_facts(AGENT, [package("1"), package("2"), status(2, sensor="dpkg")]).all(Package)


def test_a_long_package_is_decoded_for_each_host() -> None:
    memory = PackageMemory()
    both = [build_facts(AGENT, [package("1" * 5000), status(1, sensor="dpkg")], memory).all(Package) for _ in range(2)]
    assert both[0] == both[1]
    assert both[0][0] is not both[1][0]


def test_a_package_that_is_not_understood_is_counted_for_each_host() -> None:
    memory, bad = PackageMemory(), TelemetryMessage(sensor="dpkg", kind="Package", payload=msgspec.Raw(b'{"name":1}'))
    assert [build_facts(AGENT, [bad], memory).undecoded for _ in range(2)] == [1, 1]
