"""Alternatives: services of one purpose, of which a host needs one. A site may choose which (a variable)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from openinspector.model.tailoring import Tailoring, Variable

ANY: Final = "any"
"""The value that leaves the choice to each host: the service that starts on boot is the chosen one."""

FIREWALL: Final = Variable(
    name="firewall",
    default=ANY,
    description="The firewall that hosts must use.",
    choices=(ANY, "firewalld", "iptables", "nftables", "ufw"),
)
TIME_SERVICE: Final = Variable(
    name="time_service",
    default=ANY,
    description="The time service that hosts must use.",
    choices=(ANY, "chrony", "timesyncd"),
)
LOG_SERVICE: Final = Variable(
    name="log_service",
    default=ANY,
    description="The service that keeps the logs.",
    choices=(ANY, "journal_upload", "rsyslog"),
)


@dataclass(frozen=True, slots=True)
class Alternative:
    """One of the services of a purpose."""

    name: str
    units: tuple[str, ...]
    """Its units; distributions name them differently."""
    variable: Variable
    """The site's choice."""

    def is_chosen(self, tailoring: Tailoring) -> bool | None:
        """Return True if the site chose it, False if it chose another one, None if it left the choice to hosts."""
        chosen = tailoring.value(self.variable)
        return None if chosen == ANY else chosen == self.name


ALTERNATIVES: Final[Mapping[str, Alternative]] = MappingProxyType(
    {
        name: Alternative(name, units, variable)
        for variable, services in (
            (
                FIREWALL,
                {
                    "firewalld": ("firewalld.service",),
                    "iptables": ("iptables.service", "netfilter-persistent.service"),
                    "nftables": ("nftables.service",),
                    "ufw": ("ufw.service",),
                },
            ),
            (
                TIME_SERVICE,
                {"chrony": ("chrony.service", "chronyd.service"), "timesyncd": ("systemd-timesyncd.service",)},
            ),
            (
                LOG_SERVICE,
                {"journal_upload": ("systemd-journal-upload.service",), "rsyslog": ("rsyslog.service",)},
            ),
        )
        for name, units in services.items()
    }
)
"""By name. ``ufw?NAME`` in a control table is a check that applies only with ufw."""
