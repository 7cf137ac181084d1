"""Checks without parameters: access control, boot and firewall."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from openinspector.cis.alternative import FIREWALL
from openinspector.cis.check import Check
from openinspector.cis.checks.confinement import NoUnconfinedServices, ProfilesIn, SelinuxMode
from openinspector.cis.checks.firewall import BaseChains, DefaultDeny, LoopbackRules
from openinspector.cis.checks.kernel import BootArgument, BootPassword
from openinspector.cis.checks.settings import (
    LinePresent,
)
from openinspector.cis.checks.software import (
    OnlyOneStarts,
)

CHECKS: Final[Mapping[str, Check | tuple[Check, ...]]] = MappingProxyType(
    {
        "apparmor_enforced": ProfilesIn(("enforce",)),
        "apparmor_active": ProfilesIn(("enforce", "complain")),
        "selinux_enforcing": SelinuxMode(("enforcing",)),
        "selinux_enabled": SelinuxMode(("enforcing", "permissive")),
        "selinux_policy": LinePresent(
            title="SELinux has the policy targeted or mls",
            paths=("/etc/selinux/config",),
            pattern=r"^SELINUXTYPE=(?:targeted|mls)\b",
            remedy="Set `SELINUXTYPE=targeted` in /etc/selinux/config.",
        ),
        "selinux_not_off": BootArgument("selinux=0", present=False),
        "no_unconfined_services": NoUnconfinedServices(),
        "boot_password": BootPassword(),
        "one_firewall": OnlyOneStarts(
            "Exactly one firewall starts on boot",
            ("ufw.service", "nftables.service", "firewalld.service", "iptables.service"),
            variable=FIREWALL,
        ),
        "nftables_chains": BaseChains(service="nftables"),
        "nftables_deny": DefaultDeny(service="nftables"),
        "nftables_loopback": LoopbackRules("nftables"),
        "iptables_deny": DefaultDeny(service="iptables", family="ip"),
        "ip6tables_deny": DefaultDeny(service="iptables", family="ip6"),
        "iptables_loopback": LoopbackRules("iptables"),
        "ufw_deny": DefaultDeny(service="ufw", hooks=("input", "forward")),
        "ufw_loopback": LoopbackRules("ufw"),
        "firewalld_loopback": LoopbackRules("firewalld"),
    }
)
