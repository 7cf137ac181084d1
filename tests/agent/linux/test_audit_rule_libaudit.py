"""Rules that libaudit compiles, as auditctl does, are rendered as they were written. Nothing is sent to the kernel."""

import ctypes
import platform

import pytest

from openinspector.agent.linux.audit_rule import render_rule
from openinspector.agent.linux.system_call import NAMES

_FIXED = 12 + 4 * 256 + 4
"""Bytes of ``audit_rule_data`` before its texts; the last four are their length."""
_EXIT = 4


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    if platform.machine() != "x86_64":
        pytest.skip("the names are compared with those of x86")
    try:
        library = ctypes.CDLL("libaudit.so.1")
    except OSError:
        pytest.skip("this machine has no libaudit")
    library.audit_rule_create_data.restype = ctypes.c_void_p
    return library


def compiled(library: ctypes.CDLL, fields: tuple[str, ...], calls: tuple[str, ...], watched: str) -> bytes:
    """Return a rule on the exit filter, as libaudit would send it."""
    rule = ctypes.c_void_p(library.audit_rule_create_data())
    if watched:
        assert library.audit_add_watch(ctypes.byref(rule), watched.encode()) == 0
        library.audit_update_watch_perms(rule, 2 | 8)
    for field in fields:
        if field.startswith("-C "):
            done = library.audit_rule_interfield_comp_data(ctypes.byref(rule), field[3:].encode(), _EXIT)
        else:
            done = library.audit_rule_fieldpair_data(ctypes.byref(rule), field.encode(), _EXIT)
        assert done == 0, field
        if field.startswith("arch="):
            for call in calls:
                assert library.audit_rule_syscallbyname_data(rule, call.encode()) == 0, call
    assert rule.value is not None
    texts = int.from_bytes(ctypes.string_at(rule.value, _FIXED)[-4:], "little")
    message = bytearray(ctypes.string_at(rule.value, _FIXED + texts))
    if not watched:
        message[:8] = _EXIT.to_bytes(4, "little") + (2).to_bytes(4, "little")
    return bytes(message)


@pytest.mark.parametrize(
    ("fields", "calls", "text"),
    [
        (
            ("arch=b64", "auid>=1000", "auid!=unset", "exit=-EACCES"),
            ("open", "creat", "openat"),
            "-S open,creat,openat -F auid>=1000 -F auid!=unset -F exit=-EACCES",
        ),
        (("arch=b32", "-C uid!=euid", "auid!=-1"), ("execve",), "-S execve -C uid!=euid -F auid!=unset"),
        (("arch=b64", "-C auid!=obj_uid", "success=1"), ("unlink",), "-S unlink -C auid!=obj_uid -F success=1"),
        (("arch=b64", "path=/usr/bin/sudo", "perm=x"), (), "-F path=/usr/bin/sudo -F perm=x"),
        (("arch=b64", "dir=/etc/selinux", "perm=wa"), (), "-F dir=/etc/selinux -F perm=wa"),
    ],
)
def test_a_compiled_rule_is_rendered_as_it_was_written(
    library: ctypes.CDLL, fields: tuple[str, ...], calls: tuple[str, ...], text: str
) -> None:
    assert render_rule(compiled(library, fields, calls, "")) == f"-a always,exit -F {fields[0]} {text}"


def test_a_watch(library: ctypes.CDLL) -> None:
    assert render_rule(compiled(library, (), (), "/etc/passwd")) == "-w /etc/passwd -p wa"


@pytest.mark.parametrize(("architecture", "machine"), [("b64", 0xC000003E), ("b32", 0x40000003)])
def test_every_name_has_the_number_of_libaudit(library: ctypes.CDLL, architecture: str, machine: int) -> None:
    for name in NAMES[machine].values():
        if name in ("fchmodat2", "openat2", "kexec_load"):  # younger than many a libaudit, or named otherwise
            continue
        rendered = render_rule(compiled(library, (f"arch={architecture}",), (name,), ""))
        assert rendered == f"-a always,exit -F arch={architecture} -S {name}"
