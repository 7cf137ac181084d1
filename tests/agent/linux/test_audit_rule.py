import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.linux.audit_rule import parse_status, render_rule

X86_64, I386 = 0xC000003E, 0x40000003
EQUAL, NOT_EQUAL, AT_LEAST = 0x40000000, 0x30000000, 0x60000000
ALL = tuple(range(2048))


def message(
    *fields: tuple[int, int, int | str], calls: tuple[int, ...] = (), filter_: int = 4, action: int = 2
) -> bytes:
    """Return an ``audit_rule_data`` as the kernel sends it; fields are number, operator, value or text."""
    mask = [0] * 64
    for call in calls:
        mask[call // 32] |= 1 << call % 32
    texts = b"".join(value.encode() for _, _, value in fields if isinstance(value, str))
    numbers = [number for number, _, _ in fields]
    values = [len(value.encode()) if isinstance(value, str) else value & 0xFFFFFFFF for _, _, value in fields]
    operators = [operator for _, operator, _ in fields]
    padded = [(each + [0] * 64)[:64] for each in (numbers, values, operators)]
    head = struct.pack("=III", filter_, action, len(fields))
    body = struct.pack("=256I", *mask, *padded[0], *padded[1], *padded[2])
    return head + body + struct.pack("=I", len(texts)) + texts


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (
            message((105, EQUAL, "/etc/passwd"), (106, EQUAL, 10), (210, EQUAL, "identity"), calls=ALL),
            "-w /etc/passwd -p wa -k identity",
        ),
        (message((107, EQUAL, "/etc/sudoers.d"), (106, EQUAL, 10), calls=ALL), "-w /etc/sudoers.d -p wa"),
        (
            message(
                (11, EQUAL, X86_64),
                (9, AT_LEAST, 1000),
                (9, NOT_EQUAL, -1),
                (103, EQUAL, -errno.EACCES),
                (210, EQUAL, "a"),
                calls=(2, 85, 257),
            ),
            "-a always,exit -F arch=b64 -S open,creat,openat -F auid>=1000 -F auid!=unset -F exit=-EACCES -F key=a",
        ),
        (
            message((11, EQUAL, I386), (111, NOT_EQUAL, 11), calls=(11,)),
            "-a always,exit -F arch=b32 -S execve -C uid!=euid",
        ),
        (
            message((105, EQUAL, "/usr/bin/sudo"), (106, EQUAL, 1), (9, AT_LEAST, 1000), calls=ALL),
            "-a always,exit -S all -F path=/usr/bin/sudo -F perm=x -F auid>=1000",
        ),
        (message((12, EQUAL, 1300), filter_=5, action=0), "-a never,exclude -F msgtype=1300"),
        (message((11, EQUAL, X86_64), calls=(2047,)), "-a always,exit -F arch=b64 -S 2047"),
        (b"short", None),
        (b"\xff" * 1200, None),
    ],
)
def test_rules_in_the_notation_of_auditctl(payload: bytes, text: str | None) -> None:
    assert render_rule(payload) == text


def test_the_state() -> None:
    assert parse_status(struct.pack("=IIIII", 0, 2, 1, 0, 64)) == (2, 1)
    assert parse_status(b"") is None


@given(st.binary(max_size=2000))
def test_any_message_is_read_or_refused(payload: bytes) -> None:
    render_rule(payload)
    parse_status(payload)
