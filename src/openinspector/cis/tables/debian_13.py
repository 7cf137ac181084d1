"""Debian Linux 13, version 1.0.0: the layout of Ubuntu 24.04."""

from typing import Final

from openinspector.cis.table import Row, amended
from openinspector.cis.tables import ubuntu_24_04

ROWS: Final[tuple[Row, ...]] = amended(
    ubuntu_24_04.ROWS,
    changes=(
        ("2.4.1.2", "1", "attributes:/etc/crontab=0600 root root", "exists:/etc/cron.allow"),
        ("2.4.1.8", "1", "attributes:/etc/cron.allow=0640 root root|crontab", "missing:/etc/cron.deny"),
        ("3.2.1", "1", "module_off:dccp"),
        ("3.2.2", "1", "module_off:tipc"),
        ("3.2.3", "1", "module_off:rds"),
        ("3.2.4", "1", "module_off:sctp"),
        ("5.1.1", "1", "attributes:/etc/ssh/sshd_config=0600 root root"),
    ),
    without=(
        "1.3.1.3",
        "1.5.4",
        "1.5.5",
        "2.1.3",
        "4.1.1",
        "4.2.2",
        "4.2.4",
        "4.2.6",
        "4.2.7",
        "4.3.1",
        "4.3.2",
        "4.3.4",
        "4.3.5",
        "4.3.6",
        "4.3.8",
        "4.3.9",
        "4.3.10",
        "4.4.1.1",
        "4.4.1.2",
        "4.4.1.3",
        "4.4.2.1",
        "4.4.2.2",
        "4.4.2.4",
        "4.4.3.1",
        "4.4.3.2",
        "4.4.3.4",
        "6.1.1.4",
    ),
)
