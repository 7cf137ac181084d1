"""Checks without parameters: the audit subsystem."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from openinspector.cis.check import Check
from openinspector.cis.checks.audit import (
    AuditControl,
    AuditPrograms,
    AuditSyscalls,
    AuditWatch,
)

_USERS: Final = ("auid>=1000", "auid!=unset")


def _denied(*calls: str) -> tuple[Check, ...]:
    return tuple(AuditSyscalls(calls, (f"exit={error}", *_USERS)) for error in ("-EACCES", "-EPERM"))


CHECKS: Final[Mapping[str, Check | tuple[Check, ...]]] = MappingProxyType(
    {
        "audit_locked": AuditControl("-e", "2", "The audit configuration is locked until the next boot"),
        "audit_continue": AuditControl("-c", "", "Audit rules load on although one is wrong"),
        "audit_privileged": AuditPrograms(),
        "audit_sudo_as_other": AuditSyscalls(("execve",), ("auid!=unset",)),
        "audit_time": (
            AuditSyscalls(("adjtimex", "settimeofday")),
            AuditSyscalls(("clock_settime",)),
            AuditWatch(("/etc/localtime",)),
        ),
        "audit_denied": _denied("creat", "open", "openat", "truncate", "ftruncate"),
        "audit_permissions": (
            AuditSyscalls(("chmod", "fchmod", "fchmodat"), _USERS),
            AuditSyscalls(("chown", "fchown", "lchown", "fchownat"), _USERS),
            AuditSyscalls(
                ("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"), _USERS
            ),
        ),
        "audit_mounts": AuditSyscalls(("mount",), _USERS),
        "audit_deletions": AuditSyscalls(("unlink", "unlinkat", "rename", "renameat"), _USERS),
        "audit_modules": AuditSyscalls(("init_module", "finit_module", "delete_module"), _USERS, ("b64",)),
        "audit_host_names": AuditSyscalls(("sethostname", "setdomainname")),
    }
)
