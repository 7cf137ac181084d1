"""Debian Linux 12, version 1.1.0: the layout of Ubuntu 24.04."""

from typing import Final

from openinspector.cis.table import Row, amended
from openinspector.cis.tables import ubuntu_24_04

ROWS: Final[tuple[Row, ...]] = amended(
    ubuntu_24_04.ROWS,
    changes=(
        ("2.4.1.2", "1", "attributes:/etc/crontab=0600 root root", "exists:/etc/cron.allow"),
        ("2.4.1.8", "1", "attributes:/etc/cron.allow=0640 root root|crontab", "missing:/etc/cron.deny"),
        ("5.1.1", "1", "attributes:/etc/ssh/sshd_config=0600 root root"),
    ),
    without=("1.5.4", "1.5.5"),
)
