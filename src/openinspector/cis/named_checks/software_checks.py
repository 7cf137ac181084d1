"""Checks without parameters: packages and services."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from openinspector.cis.check import AnyOf, Check
from openinspector.cis.checks.settings import (
    LinePresent,
)
from openinspector.cis.checks.software import (
    NotInstalled,
    SignedPackages,
    UnitEnabled,
)

CHECKS: Final[Mapping[str, Check | tuple[Check, ...]]] = MappingProxyType(
    {
        "signed_packages": SignedPackages(),
        "xorg_absent": NotInstalled(
            ("xserver-xorg*", "xorg-x11-server-Xorg", "xorg-x11-server-common", "xorg-x11-server*")
        ),
        "aide_scheduled": AnyOf(
            (
                UnitEnabled(("dailyaidecheck.timer", "aidecheck.timer", "aide.timer", "aide-check.timer")),
                LinePresent(
                    title="cron runs aide",
                    paths=("/etc/crontab", "/etc/cron.d/*", "/etc/cron.daily/aide*", "/var/spool/cron/*"),
                    pattern=r"\baide\b.*--?(?:check|C)\b|aide\.wrapper|dailyaidecheck",
                    remedy="Enable dailyaidecheck.timer, or run `aide --check` daily from cron.",
                ),
            ),
            "Changes of files are looked for every day",
        ),
        "aide_audit_tools": LinePresent(
            title="AIDE watches the audit tools",
            paths=("/etc/aide.conf", "/etc/aide/aide.conf", "/etc/aide/aide.conf.d/*"),
            pattern=r"^/(?:usr/)?sbin/auditctl\b",
            remedy="Add the audit tools to aide.conf.",
            absent_means_inapplicable="AIDE is not installed.",
        ),
        "crypto_policy": LinePresent(
            title="The crypto policy is not LEGACY",
            paths=("/etc/crypto-policies/config",),
            pattern=r"^LEGACY\b",
            remedy="Run `update-crypto-policies --set DEFAULT`.",
            present=False,
            absent_means_inapplicable="The host has no system-wide crypto policy.",
        ),
        "local_mail_only": LinePresent(
            title="The mail server listens on the loopback interface alone",
            paths=("/etc/postfix/main.cf",),
            pattern=r"^inet_interfaces\s*=\s*(?:loopback-only|localhost|127\.0\.0\.1)",
            remedy="Set `inet_interfaces = loopback-only` in /etc/postfix/main.cf.",
            absent_means_inapplicable="Postfix is not installed.",
        ),
    }
)
