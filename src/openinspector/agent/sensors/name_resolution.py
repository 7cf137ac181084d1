"""Name resolution of the host: resolvers, search domains, fixed names, order (InspectorDnsEntry, F3.15).

The sensor reads resolv.conf(5), the one of systemd-resolved with the servers behind its local address, hosts(5) and
the ``hosts`` line of nsswitch.conf(5). It does not look at resolved names.
"""

from collections.abc import Callable, Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, read_lines, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.agent.settings.ip_address import is_ip_address
from openinspector.model.activity import DnsEntry, DnsEntryKind

RESOLVERS: Final = ("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf")
HOSTS: Final = "/etc/hosts"
SWITCH: Final = "/etc/nsswitch.conf"
_MAX_NAMES: Final = 100


def collect(host: Host) -> Iterator[DnsEntry | Incomplete | Absent]:
    """Yield the entries of each file in order."""
    seen = False
    for path, parse in (*((path, _resolver) for path in RESOLVERS), (HOSTS, _fixed), (SWITCH, _lookup)):
        try:
            lines = read_lines(host, path)
        except MISSING:
            continue
        except OSError as error:
            yield unread(path, error)
        else:
            yield from _entries(path, lines, parse)
        seen = True
    if not seen:
        yield Absent(reason=f"No {RESOLVERS[0]} and no {HOSTS} on this host.")


_Parse = Callable[[list[str], str], DnsEntry | None]


def _entries(path: str, lines: list[str], parse: _Parse) -> Iterator[DnsEntry]:
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        entry = parse(words, f"{path}:{number}") if words and not words[0].startswith(";") else None
        if entry:
            yield entry


def _resolver(words: list[str], source: str) -> DnsEntry | None:
    if words[0] == "nameserver" and is_ip_address("".join(words[1:2])):
        return DnsEntry(kind=DnsEntryKind.NAMESERVER, addresses=(words[1],), source=source)
    if words[0] in ("search", "domain") and words[1:]:
        return DnsEntry(kind=DnsEntryKind.SEARCH, names=tuple(words[1 : _MAX_NAMES + 1]), source=source)
    return None


def _fixed(words: list[str], source: str) -> DnsEntry | None:
    if not is_ip_address(words[0]) or not words[1:]:
        return None
    return DnsEntry(
        kind=DnsEntryKind.HOST, names=tuple(words[1 : _MAX_NAMES + 1]), addresses=(words[0],), source=source
    )


def _lookup(words: list[str], source: str) -> DnsEntry | None:
    if words[0] != "hosts:":
        return None
    return DnsEntry(kind=DnsEntryKind.LOOKUP, names=tuple(words[1 : _MAX_NAMES + 1]), source=source)


SENSOR: Final = Sensor(
    name="name_resolution",
    title="Resolvers and fixed host names",
    records=(DnsEntry,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=LINUX,
    max_bytes=4 * 1024 * 1024,
)
