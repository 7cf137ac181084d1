"""Checks without parameters: files and their owners."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from openinspector.cis.check import Check
from openinspector.cis.checks.files import Attributes, NoAnomaly
from openinspector.model.hardening import AnomalyKind, FileKind

AUDIT_TOOLS: Final = ("auditctl", "auditd", "aureport", "ausearch", "autrace", "augenrules")


_AUDIT_TOOLS: Final = tuple(f"{folder}/{name}" for folder in ("/sbin", "/usr/sbin") for name in AUDIT_TOOLS)
_AUDIT_CONFIGURATION: Final = ("/etc/audit/auditd.conf", "/etc/audit/audit.rules", "/etc/audit/rules.d/*")
CHECKS: Final[Mapping[str, Check | tuple[Check, ...]]] = MappingProxyType(
    {
        "world_writable_files": NoAnomaly(AnomalyKind.WORLD_WRITABLE_FILE),
        "world_writable_directories": NoAnomaly(AnomalyKind.WORLD_WRITABLE_DIRECTORY),
        "unowned_files": NoAnomaly(AnomalyKind.UNOWNED),
        "ungrouped_files": NoAnomaly(AnomalyKind.UNGROUPED),
        "log_files_closed": Attributes(
            paths=("/var/log/*",),
            mode=0o640,
            kind=FileKind.FILE,
            excluding=(
                "/var/log/*tmp",
                "/var/log/*tmp.*",
                "/var/log/*tmp-*",
                "/var/log/lastlog*",
                "/var/log/journal/*",
            ),
        ),
        "log_owners": Attributes(
            paths=("/var/log/*",),
            owners=("root", "syslog", "_chrony", "systemd-timesync", "landscape"),
            groups=("root", "adm", "syslog", "utmp", "systemd-journal"),
        ),
        "audit_tools_mode": Attributes(paths=_AUDIT_TOOLS, mode=0o755),
        "audit_tools_owner": Attributes(paths=_AUDIT_TOOLS, owners=("root",)),
        "audit_tools_group": Attributes(paths=_AUDIT_TOOLS, groups=("root",)),
        "audit_configuration_mode": Attributes(paths=_AUDIT_CONFIGURATION, mode=0o640),
        "audit_configuration_owner": Attributes(paths=_AUDIT_CONFIGURATION, owners=("root",)),
        "audit_configuration_group": Attributes(paths=_AUDIT_CONFIGURATION, groups=("root",)),
        "sshd_private_keys": Attributes(
            paths=("/etc/ssh/ssh_host_*_key",), mode=0o640, owners=("root",), groups=("root", "ssh_keys")
        ),
        "sshd_public_keys": Attributes(
            paths=("/etc/ssh/ssh_host_*_key.pub",), mode=0o644, owners=("root",), groups=("root",)
        ),
    }
)
