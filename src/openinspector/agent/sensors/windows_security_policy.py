r"""The local security policy of a Windows host, from an administrator's export: ``security-policy.inf``.

Windows exports the policy with ``secedit /export``, but the agent does not run programs. So a scheduled task of the
administrator writes the file into the folder of exports (docs/howto/windows.md).
"""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, unread
from openinspector.agent.sensor import WINDOWS, Absent, Incomplete, Sensor, Trigger
from openinspector.agent.windows.recorded_registry import EXPORTS
from openinspector.agent.windows.security_policy_file import (
    MAX_POLICY_BYTES,
    SecurityPolicyError,
    parse_security_policy,
)
from openinspector.agent.windows.version import unseen_windows
from openinspector.model.windows import WindowsSecurityPolicy

POLICY: Final = f"{EXPORTS}/security-policy.inf"
_SECTIONS: Final = ("System Access", "Event Audit", "Privilege Rights")


def collect(host: Host) -> Iterator[WindowsSecurityPolicy | Incomplete | Absent]:
    """Yield the one WindowsSecurityPolicy."""
    try:
        sections = parse_security_policy(host.read(POLICY, MAX_POLICY_BYTES))
        exported_at = int(host.status(POLICY).modified_at)
    except MISSING:
        yield _without_export(host)
        return
    except OSError as error:
        yield unread(POLICY, error)
        return
    except SecurityPolicyError as error:
        yield Incomplete(reason=f"{POLICY} is invalid: {error}.")
        return
    for missing in (name for name in _SECTIONS if name not in sections):
        yield Incomplete(reason=f"{POLICY} has no section [{missing}]: export the area SECURITYPOLICY and USER_RIGHTS.")
    rights = sections.get("Privilege Rights", {})
    yield WindowsSecurityPolicy(
        source=POLICY,
        exported_at=exported_at,
        system_access=dict(sections.get("System Access", {})),
        event_audit=dict(sections.get("Event Audit", {})),
        privilege_rights={name: _accounts(value) for name, value in rights.items()},
        registry_values=dict(sections.get("Registry Values", {})),
    )


def _without_export(host: Host) -> Incomplete | Absent:
    return unseen_windows(host) or Incomplete(
        reason=f"There is no {POLICY}: write it with secedit /export /cfg, daily (docs/howto/windows.md)."
    )


def _accounts(value: str) -> tuple[str, ...]:
    return tuple(account for part in value.split(",") if (account := part.strip()))


SENSOR: Final = Sensor(
    name="windows_security_policy",
    title="Local security policy of Windows",
    records=(WindowsSecurityPolicy,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=WINDOWS,
)
