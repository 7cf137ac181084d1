"""Facts as items: each kind of object, and what is not known instead of absent."""

from collections.abc import Mapping

import pytest
from tests.scap.small_stream import LOOKED_AT, READ, RECORDS, SYSTEM, facts, file

from openinspector.model.record import Record
from openinspector.scap.comparison import compare
from openinspector.scap.host_items import HostItems, ObjectQuery, Wanted
from openinspector.scap.pattern import Patterns
from openinspector.scap.truth import NotKnownError

EVERYTHING: tuple[Record, ...] = (READ, LOOKED_AT, SYSTEM, *RECORDS.values())


def question(kind: str, nil: str = "", **fields: str) -> ObjectQuery:
    """Ask for equal fields; a value that begins with ^ is a pattern."""

    def wanted(value: str) -> Wanted:
        operation = "pattern match" if value.startswith("^") else "equals"
        return Wanted(
            operation=operation,
            values=(value,),
            accepts=lambda found: compare(operation, "string", found, value, Patterns()),
        )

    return ObjectQuery(
        kind=kind,
        wanted={name: wanted(value) for name, value in fields.items()},
        nil=frozenset({nil} - {""}),
    )


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        (question("dpkginfo", name="telnet"), {"evr": ("1:0.17-2",), "version": ("0.17",), "epoch": ("1",)}),
        (question("sysctl", name="net.ipv4.ip_forward"), {"value": ("0",)}),
        (question("partition", mount_point="/tmp"), {"mount_options": ("nodev", "nosuid")}),
        (question("systemdunitproperty", unit="^cups", property="LoadState"), {"value": ("masked",)}),
        (question("systemdunitproperty", unit="cups.service", property="UnitFileState"), {"value": ("masked",)}),
        (question("uname"), {"processor_type": ("x86_64",)}),
        (question("family"), {"family": ("unix",)}),
        (question("password", username="root"), {"user_id": ("0",), "login_shell": ("/bin/bash",)}),
        (question("file", filepath="/etc/shadow"), {"group_id": ("42",), "oread": ("false",), "gread": ("true",)}),
        (question("file", nil="filename", path="/var/log"), {"type": ("directory",), "oexec": ("true",)}),
    ],
    ids=lambda value: value.kind if isinstance(value, ObjectQuery) else "",
)
def test_each_kind_of_object(asked: ObjectQuery, fields: Mapping[str, tuple[str, ...]]) -> None:
    (item,) = HostItems(facts(*EVERYTHING)).items(asked)
    assert fields.items() <= item.items()


def lines(path: str, pattern: str, **options: str) -> ObjectQuery:
    asked = question("textfilecontent54", filepath=path, pattern=pattern)
    return ObjectQuery(kind=asked.kind, wanted=asked.wanted, behaviors=options)


def test_each_match_of_a_pattern_is_an_item() -> None:
    host = HostItems(facts(READ, file("/etc/sysctl.d/a.conf", "a = 1", "", "b = 2")))
    found = host.items(lines(r"^/etc/sysctl\.d/.*\.conf$", r"^(\w+) = (\d)$"))
    assert [(item["instance"], item["subexpression"]) for item in found] == [(("1",), ("a", "1")), (("2",), ("b", "2"))]


def test_a_file_that_was_looked_for_and_is_absent_has_no_items() -> None:
    assert HostItems(facts(*EVERYTHING)).items(lines("/etc/security/pwquality.conf", "^x")) == []
    assert HostItems(facts(*EVERYTHING)).items(question("file", filepath="/var/log/absent")) == []


@pytest.mark.parametrize(
    "asked",
    [
        lines("/etc/other", "^x"),
        lines("/etc/login.defs", "^x"),
        question("file", filepath="/etc/other"),
        question("sysctl", name="kernel.other"),
        question("systemdunitproperty", unit="cups.service", property="ActiveState"),
        question("ldap57"),
        ObjectQuery(kind="file", wanted={}, behaviors={"recurse_direction": "down"}),
    ],
    ids=lambda asked: asked.kind,
)
def test_facts_that_agents_do_not_send(asked: ObjectQuery) -> None:
    host = HostItems(facts(*EVERYTHING, file("/etc/login.defs", "UMASK 027")))
    with pytest.raises(NotKnownError):
        host.items(asked)


@pytest.mark.parametrize(
    ("sensor", "asked"),
    [
        ("dpkg", question("dpkginfo", name="absent")),
        ("mounts", question("partition", mount_point="/absent")),
        ("accounts", question("password", username="absent")),
        ("configuration_files", lines("/etc/security/pwquality.conf", "^x")),
        ("file_attributes", question("file", filepath="/var/log/absent")),
    ],
)
def test_absence_proves_nothing_if_the_sensor_did_not_read_everything(sensor: str, asked: ObjectQuery) -> None:
    with pytest.raises(NotKnownError, match="sensor"):
        HostItems(facts(*EVERYTHING, unread=(sensor,))).items(asked)
