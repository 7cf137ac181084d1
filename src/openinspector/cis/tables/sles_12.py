"""SUSE Linux Enterprise 12, version 1.1.0: the layout of version 15."""

from typing import Final

from openinspector.cis.table import Row, amended
from openinspector.cis.tables import sles_15

ROWS: Final[tuple[Row, ...]] = amended(
    sles_15.ROWS,
    changes=(
        ("1.7.1.1", "1", "installed:pam_apparmor"),
        ("1.9", "1", "gdm_banner"),
        ("1.10", "1", "absent:gdm3|gdm", "gdm_banner", "gdm_user_list"),
        ("3.5.1.1", "1", "enabled:iptables.service", "installed:iptables"),
        ("3.5.2.1", "1", "iptables_loopback"),
        ("3.5.2.2", "1", "manual:iptables accepts the answers of connections that the host opened"),
        ("3.5.3.1", "1", "iptables_loopback"),
        ("3.5.3.2", "1", "manual:iptables accepts the answers of connections that the host opened"),
        ("4.1.17", "2", "audit_locked"),
    ),
    without=(
        "1.1.1.3",
        "3.5.1.2",
        "3.5.1.3",
        "3.5.1.4",
        "3.5.1.5",
        "3.5.1.6",
        "3.5.2.3",
        "3.5.2.4",
        "3.5.2.5",
        "3.5.2.6",
        "3.5.2.7",
        "3.5.2.8",
        "3.5.2.9",
        "3.5.2.10",
        "3.5.3.1.1",
        "3.5.3.1.2",
        "3.5.3.1.3",
        "3.5.3.2.2",
        "3.5.3.2.3",
        "3.5.3.2.4",
        "3.5.3.3.1",
        "3.5.3.3.2",
        "3.5.3.3.3",
        "3.5.3.3.4",
    ),
)
