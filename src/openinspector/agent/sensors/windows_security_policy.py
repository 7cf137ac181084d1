r"""The local security policy of a Windows host: what Windows says itself, and an administrator's export of it.

Windows answers calls about it (`agent/windows/policy_calls.py`). An export that a scheduled task of the administrator
writes with ``secedit /export`` has what Windows refused to say, and all that is known of a disk
(docs/howto/windows.md). No export has the audit subcategories.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
from openinspector.model.windows import ASKED, WindowsSecurityPolicy
from openinspector.model.windows_policy import USER_RIGHTS, LocalPolicy, PolicyPart

POLICY: Final = f"{EXPORTS}/security-policy.inf"
_ACCESS: Final = "System Access"
_RIGHTS: Final = "Privilege Rights"
_SECTIONS: Final = (_ACCESS, "Event Audit", _RIGHTS)
_EXPORTED: Final = {
    PolicyPart.PASSWORDS: _ACCESS,
    PolicyPart.LOCKOUT: _ACCESS,
    PolicyPart.PASSWORD_PROPERTIES: _ACCESS,
    PolicyPart.ACCOUNTS: _ACCESS,
    PolicyPart.RIGHTS: _RIGHTS,
}
"""The section of an export that has a part too."""


def collect(host: Host) -> Iterator[WindowsSecurityPolicy | Incomplete | Absent]:
    """Yield one WindowsSecurityPolicy of what Windows says and one of the export."""
    exported = _read_export(host)
    try:
        asked = host.local_policy()
    except FileNotFoundError:
        yield from _of_export_alone(host, exported)
        return
    yield _of_windows(asked)
    sections: Mapping[str, Mapping[str, str]] = {}
    match exported:
        case Incomplete():
            yield exported
        case _Export():
            sections = exported.sections
            yield exported.policy()
        case None:
            pass
    for part, reason in asked.refused.items():
        if _EXPORTED.get(part) not in sections:
            yield Incomplete(reason=f"Windows did not tell the {part}: {reason}.")


def _of_export_alone(
    host: Host, exported: "_Export | Incomplete | None"
) -> Iterator[WindowsSecurityPolicy | Incomplete | Absent]:
    match exported:
        case None:
            yield unseen_windows(host) or Incomplete(
                reason=f"There is no {POLICY}: write it with secedit /export /cfg, daily (docs/howto/windows.md)."
            )
        case Incomplete():
            yield exported
        case _Export():
            yield exported.policy()
            for missing in (name for name in _SECTIONS if name not in exported.sections):
                yield Incomplete(
                    reason=f"{POLICY} has no section [{missing}]: export the area SECURITYPOLICY and USER_RIGHTS."
                )


def _read_export(host: Host) -> "_Export | Incomplete | None":
    """Return the export, why it could not be read, or None if there is none."""
    try:
        sections = parse_security_policy(host.read(POLICY, MAX_POLICY_BYTES))
        return _Export(sections=sections, exported_at=int(host.status(POLICY).modified_at))
    except MISSING:
        return None
    except OSError as error:
        return unread(POLICY, error)
    except SecurityPolicyError as error:
        return Incomplete(reason=f"{POLICY} is invalid: {error}.")


def _of_windows(policy: LocalPolicy) -> WindowsSecurityPolicy:
    return WindowsSecurityPolicy(
        source=ASKED,
        system_access=dict(policy.system_access),
        privilege_rights=dict(policy.privilege_rights),
        audit_subcategories=dict(policy.audit_subcategories),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Export:
    """The sections of an export."""

    sections: Mapping[str, Mapping[str, str]]
    exported_at: int

    def policy(self) -> WindowsSecurityPolicy:
        """Return the record of it."""
        rights: dict[str, tuple[str, ...]] = {}
        if _RIGHTS in self.sections:
            # secedit leaves out the rights that nobody has.
            rights = dict.fromkeys(USER_RIGHTS, ())
            rights |= {name: _accounts(value) for name, value in self.sections[_RIGHTS].items()}
        return WindowsSecurityPolicy(
            source=POLICY,
            exported_at=self.exported_at,
            system_access=dict(self.sections.get(_ACCESS, {})),
            event_audit=dict(self.sections.get("Event Audit", {})),
            privilege_rights=rights,
            registry_values=dict(self.sections.get("Registry Values", {})),
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
