"""The machine that a host key belongs to."""

from pathlib import Path

import pytest

from openinspector.agent.membership.enrolment import EnrolmentError
from openinspector.agent.membership.machine import MACHINE_FILE, check_machine, machine_digest, save_machine
from openinspector.testing.fake_host import FakeHost


def host(machine_id: str | None) -> FakeHost:
    return FakeHost({} if machine_id is None else {"/etc/machine-id": f"{machine_id}\n"})


def test_copy_with_a_new_machine_id_is_refused(tmp_path: Path) -> None:
    save_machine(tmp_path, host("a" * 32))
    check_machine(tmp_path, host("a" * 32))
    with pytest.raises(EnrolmentError, match="this host is a copy") as refused:
        check_machine(tmp_path, host("b" * 32))
    assert "enrol --new-key" in refused.value.advice


def test_a_host_enrolled_by_an_earlier_version_is_bound_at_the_next_start(tmp_path: Path) -> None:
    check_machine(tmp_path, host("a" * 32))
    with pytest.raises(EnrolmentError):
        check_machine(tmp_path, host("b" * 32))


@pytest.mark.parametrize("machine_id", [None, "", "uninitialized"])
def test_a_host_without_a_machine_id_is_not_compared(tmp_path: Path, machine_id: str | None) -> None:
    assert machine_digest(host(machine_id)) == ""
    save_machine(tmp_path, host(machine_id))
    check_machine(tmp_path, host("a" * 32))
    save_machine(tmp_path, host("a" * 32))
    check_machine(tmp_path, host(machine_id))


def test_the_machine_id_itself_is_not_kept(tmp_path: Path) -> None:
    save_machine(tmp_path, host("a" * 32))
    assert b"aaaa" not in (tmp_path / MACHINE_FILE).read_bytes()


def test_empty_or_broken_record_is_ignored(tmp_path: Path) -> None:
    (tmp_path / MACHINE_FILE).write_bytes(b"\xff half")
    check_machine(tmp_path, host("a" * 32))
