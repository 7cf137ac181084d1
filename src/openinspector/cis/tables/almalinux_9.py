"""AlmaLinux OS 9, version 2.0.0: the layout of Red Hat Enterprise Linux 9."""

from typing import Final

from openinspector.cis.table import Row, amended
from openinspector.cis.tables import rhel_9

ROWS: Final[tuple[Row, ...]] = amended(
    rhel_9.ROWS,
    changes=(
        ("1.6.2", "1", "manual:sshd follows the system-wide crypto policy"),
        ("2.1.5", "1", "absent:dnsmasq"),
        ("2.1.10", "1", "absent:ypserv"),
        ("2.1.19", "1", "absent:xinetd"),
        ("2.2.3", "1", "absent:ypbind"),
        ("2.4.2.1", "1", "attributes:/etc/at.allow=0640 root root|daemon", "missing:/etc/at.deny"),
        ("5.1.5", "1", "sshd_key_exchanges"),
        ("5.1.6", "1", "sshd_macs"),
        ("5.2.5", "1", "sudo_timeout"),
        ("5.4.2.5", "1", "root_path"),
        (
            "6.3.2.4",
            "2",
            "auditd:action_mail_acct=root",
            "auditd:admin_space_left_action=halt|single",
            "auditd:space_left_action=email|exec|single|halt",
        ),
        (
            "6.3.3.5",
            "2",
            "audit_host_names",
            "audit_watch:/etc/issue|/etc/issue.net|/etc/hosts",
            "audit_watch:/etc/sysconfig/network-scripts",
        ),
        (
            "6.3.3.8",
            "2",
            "audit_watch:/etc/group",
            "audit_watch:/etc/gshadow",
            "audit_watch:/etc/passwd",
            "audit_watch:/etc/security/opasswd",
            "audit_watch:/etc/shadow",
        ),
        ("6.3.3.11", "2", "audit_watch:/var/run/utmp|/var/log/wtmp|/var/log/btmp"),
    ),
    without=(
        "1.2.1.1",
        "1.6.3",
        "5.1.4",
        "5.1.10",
        "5.3.2.1",
        "5.3.3.2.5",
        "5.3.3.3.2",
        "5.3.3.4.2",
        "5.4.2.3",
        "5.4.2.8",
        "6.2.1.4",
        "6.2.3.4",
    ),
)
