"""Checks without parameters: time, logs and core dumps."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from openinspector.cis.alternative import LOG_SERVICE, TIME_SERVICE
from openinspector.cis.check import Check
from openinspector.cis.checks.settings import (
    FileSetting,
    LinePresent,
)
from openinspector.cis.checks.software import (
    OnlyOneStarts,
)
from openinspector.cis.configuration import drop_ins
from openinspector.cis.expectation import Equals, Present

_TIMESYNCD: Final = drop_ins("/etc/systemd/timesyncd.conf")
_COREDUMP: Final = drop_ins("/etc/systemd/coredump.conf")
_CHRONY: Final = (
    "/etc/chrony.conf",
    "/etc/chrony/chrony.conf",
    "/etc/chrony/conf.d/*",
    "/etc/chrony/sources.d/*",
    "/etc/chrony.d/*",
)
_RSYSLOG: Final = ("/etc/rsyslog.conf", "/etc/rsyslog.d/*.conf")


CHECKS: Final[Mapping[str, Check | tuple[Check, ...]]] = MappingProxyType(
    {
        "one_time_service": OnlyOneStarts(
            "Exactly one time service starts on boot",
            (
                "chronyd.service",
                "chrony.service",
                "systemd-timesyncd.service",
                "ntp.service",
                "ntpd.service",
                "ntpsec.service",
            ),
            variable=TIME_SERVICE,
        ),
        "timesyncd_servers": FileSetting(service="systemd-timesyncd", paths=_TIMESYNCD, key="NTP", expected=Present()),
        "chrony_servers": LinePresent(
            title="chrony has a time source",
            paths=_CHRONY,
            pattern=r"^(?:server|pool)\s+\S",
            remedy="Write `pool HOST iburst` to chrony's configuration.",
            absent_means_inapplicable="chrony is not installed.",
        ),
        "chrony_user": LinePresent(
            title="chronyd does not run as root",
            paths=(*_CHRONY, "/etc/sysconfig/chronyd"),
            pattern=r"^user\s+root\b|-u\s+root\b",
            remedy="Write `user _chrony` to chrony's configuration.",
            present=False,
            absent_means_inapplicable="chrony is not installed.",
        ),
        "rsyslog_file_mode": LinePresent(
            title="rsyslog creates log files with mode 0640",
            paths=_RSYSLOG,
            pattern=r"^\$FileCreateMode\s+0?[0246][04]0\b",
            remedy="Write `$FileCreateMode 0640` to /etc/rsyslog.conf.",
            absent_means_inapplicable="rsyslog is not installed.",
        ),
        "rsyslog_not_listening": LinePresent(
            title="rsyslog takes no messages from the network",
            paths=_RSYSLOG,
            pattern=r"^(?:\$ModLoad\s+im(?:tcp|udp)|module\(load=\"im(?:tcp|udp)\")"
            r"|^\$(?:InputTCPServerRun|UDPServerRun)",
            remedy="Remove the imtcp and imudp modules from rsyslog's files.",
            present=False,
            absent_means_inapplicable="rsyslog is not installed.",
        ),
        "rsyslog_remote": LinePresent(
            title="rsyslog sends messages to a log host",
            paths=_RSYSLOG,
            pattern=r"@@?[^\s@]+|type=\"omfwd\"",
            remedy="Add an omfwd action with your log host.",
            absent_means_inapplicable="rsyslog is not installed.",
        ),
        "one_log_service": OnlyOneStarts(
            "Exactly one of rsyslog and journald's upload keeps the logs",
            ("rsyslog.service", "systemd-journal-upload.service"),
            variable=LOG_SERVICE,
        ),
        "core_limit": LinePresent(
            title="Core dumps are limited to 0 bytes",
            paths=("/etc/security/limits.conf", "/etc/security/limits.d/*"),
            pattern=r"^\*\s+hard\s+core\s+0\b",
            remedy="Write `* hard core 0` to /etc/security/limits.d/hardening.conf.",
        ),
        "coredump_storage": FileSetting(
            service="systemd-coredump", paths=_COREDUMP, key="Storage", expected=Equals(("none",))
        ),
        "coredump_backtraces": FileSetting(
            service="systemd-coredump", paths=_COREDUMP, key="ProcessSizeMax", expected=Equals(("0",))
        ),
    }
)
