"""Audit rules in force, as the running kernel has them (auditctl(8), audit.rules(7)).

Files in ``/etc/audit`` show what the next boot loads; `configuration_files` sends those. Rules are read over netlink,
with the two questions that only read.
"""

import errno
from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.audit_rule import GET, LIST_RULES, MAX_RULES, parse_status, render_rule
from openinspector.agent.linux.config_file import encodable
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Needs, Sensor, Trigger
from openinspector.model.hardening import AuditRule, AuditState

_NO_AUDIT: Final = (errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT, errno.ECONNREFUSED, errno.EOPNOTSUPP)


def collect(host: Host) -> Iterator[AuditState | AuditRule | Incomplete | Absent]:
    """Yield the state of the audit subsystem, then each rule in the kernel's order."""
    try:
        messages = host.audit()
    except OSError as error:
        if error.errno in _NO_AUDIT:
            yield Absent(reason="The kernel does not audit, or not in this namespace.")
        else:
            yield Incomplete(reason=f"The kernel did not return its audit rules: {error.strerror or error}.")
        return
    if not messages:
        yield Absent(reason="This is not the running system; the kernel has no audit rules of it.")
        return
    yield from _records(messages)


def _records(messages: tuple[tuple[int, bytes], ...]) -> Iterator[AuditState | AuditRule | Incomplete]:
    rules = [payload for kind, payload in messages if kind == LIST_RULES]
    for kind, payload in messages:
        status = parse_status(payload) if kind == GET else None
        if status is not None:
            yield AuditState(enabled=status[0], failure=status[1])
    malformed = 0
    for place, payload in enumerate(rules[:MAX_RULES], start=1):
        text = render_rule(payload)
        if text is None:
            malformed += 1
        else:
            yield AuditRule(place=place, text=encodable(text))
    if malformed:
        yield Incomplete(reason=f"Audit rules that could not be read: {malformed}.")
    if len(rules) > MAX_RULES:
        yield Incomplete(reason=f"Audit rules beyond the first {MAX_RULES}.")


SENSOR: Final = Sensor(
    name="audit_rules",
    title="Audit rules in force",
    records=(AuditState, AuditRule),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
    needs=Needs(root=True),
)
