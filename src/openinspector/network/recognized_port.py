"""Ports of services that the vendor names (spec 5.4.1), and how grave it is that they are reachable (decisions)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from openinspector.model.finding import Severity
from openinspector.network.packet_filter import TCP, UDP

_TABLE: Final[tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]] = (
    ("SMB", (445,), (445,)),
    ("NetBIOS", (137, 139), (137, 138)),
    ("LDAP", (389,), (389,)),
    ("LDAP over TLS", (636,), ()),
    ("Global catalog LDAP", (3268,), ()),
    ("Global catalog LDAP over TLS", (3269,), ()),
    ("NFS", (111, 2049, 4045, 1110), (111, 2049, 4045, 1110)),
    ("Kerberos", (88, 464, 543, 544, 749, 751), (88, 464, 749, 750, 751, 752)),
    ("RPC", (111, 135, 530), (111, 135, 530)),
    ("WINS", (1512, 42), (1512, 42)),
    ("DHCP", (67, 68, 546, 547), (67, 68, 546, 547)),
    ("Syslog", (601,), (514,)),
    ("Print services", (515,), ()),
    ("Telnet", (23,), (23,)),
    ("FTP", (21,), (21,)),
    ("SSH", (22,), (22,)),
    ("RDP", (3389,), (3389,)),
    ("MongoDB", (27017, 27018, 27019, 28017), ()),
    ("SQL Server", (1433,), (1434,)),
    ("MySQL", (3306,), ()),
    ("PostgreSQL", (5432,), ()),
    ("Oracle", (1521, 1630), ()),
    ("Elasticsearch", (9300, 9200), ()),
    ("HTTP", (80,), (80,)),
    ("HTTPS", (443,), (443,)),
)
# Port 111 is in two rows: the later one, RPC, wins (decisions).
RECOGNIZED_PORTS: Final[Mapping[tuple[int, int], str]] = MappingProxyType(
    {(TCP, port): name for name, tcp, _ in _TABLE for port in tcp}
    | {(UDP, port): name for name, _, udp in _TABLE for port in udp}
)
"""Service by protocol number and port."""
_WEB: Final = frozenset({"HTTP", "HTTPS"})
_MEDIUM_WITH_LISTENER: Final = frozenset({"SSH", "Syslog", "Print services", "DHCP", "WINS", "Kerberos"})


def severity_of(service: str, *, agent: bool, listener: bool) -> Severity:
    """Return the severity of a reachable recognized port."""
    if service in _WEB:
        return Severity.INFORMATIONAL
    if not agent:
        return Severity.MEDIUM
    if not listener:
        return Severity.LOW
    return Severity.MEDIUM if service in _MEDIUM_WITH_LISTENER else Severity.HIGH
