"""Rules of the packet filter (InspectorConfigurationInfo, F3.12, F3.21).

nftables, which iptables-nft and firewalld use too, is read from the kernel. Tables of the legacy iptables cannot be
read without its library: the status reports them, and the files that fill them on boot are sent instead.
The kernel is asked for nftables only if it supports it already, because the request makes it load the module.

Files show the administrator's intention; the kernel knows the rules in force, and the agent may not run ``nft``. A rule
is sent as its expressions in libnftnl's notation, which ``nft --debug=netlink`` prints too. Expressions that are not
decoded (limit, log, nat …) are sent by name. Counters are sent without their values, so that traffic does not change a
snapshot. Firewalls in eBPF, in the cloud or in front of the host are not seen.
"""

import errno
import posixpath
import re
from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux import nftables
from openinspector.agent.linux.config_file import MISSING, decode, read_lines, shell_words, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Needs, Sensor, Trigger
from openinspector.model.configuration import FirewallAuthority, FirewallChain, FirewallRule, FirewallSet

MODULE: Final = "/sys/module/nf_tables"
MODULES: Final = "/proc/modules"
OLD_TABLES: Final = (("/proc/net/ip_tables_names", "iptables"), ("/proc/net/ip6_tables_names", "ip6tables"))
FILES: Final = (
    ("/etc/iptables/rules.v4", "ip"),
    ("/etc/iptables/rules.v6", "ip6"),
    ("/etc/sysconfig/iptables", "ip"),
    ("/etc/sysconfig/ip6tables", "ip6"),
)
_HOOKS: Final = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}
_CHAIN: Final = re.compile(r":(\S+)\s+(\S+)")
_NO_NFTABLES: Final = (errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOENT)


def collect(host: Host) -> Iterator[FirewallChain | FirewallRule | FirewallSet | Incomplete | Absent]:
    """Yield the chains, rules and sets of the kernel, then those of files."""
    found = False
    for item in (*_kernel(host), *_old_tables(host), *_files(host)):
        found = True
        yield item
    if not found:
        yield Absent(reason="No rules of nftables or iptables on this host.")


def parse_saved(lines: list[str], family: str, path: str) -> Iterator[FirewallChain | FirewallRule]:
    """Yield the chains and rules of a file written by iptables-save(8)."""
    table = ""
    for number, line in enumerate(lines, start=1):
        words = line.strip()
        chain = _CHAIN.match(words)
        if words.startswith("*"):
            table = words[1:]
        elif chain:
            yield FirewallChain(
                authority=FirewallAuthority.FILE,
                family=family,
                table=table,
                name=chain[1],
                hook=chain[1].lower() if chain[1] in _HOOKS else "",
                policy=chain[2].lower() if chain[2] != "-" else "",
            )
        elif words.startswith("-A "):
            name, *expressions = _split(words)[1:] or [""]
            yield FirewallRule(
                authority=FirewallAuthority.FILE,
                family=family,
                table=table,
                chain=name,
                expressions=tuple(expressions),
                source=f"{path}:{number}",
            )


def _kernel(host: Host) -> Iterator[FirewallChain | FirewallRule | FirewallSet | Incomplete]:
    if not _has_nftables(host):
        return
    try:
        messages = host.packet_filter()
    except OSError as error:
        if error.errno not in _NO_NFTABLES:
            yield Incomplete(reason=f"The kernel did not return its nftables rules: {error.strerror or error}.")
        return
    yield from nftables.parse(messages)


def _has_nftables(host: Host) -> bool:
    """Return True if the kernel has nftables loaded or built in, or has no modules at all."""
    if _is_there(host, MODULE) or not _is_there(host, MODULES):
        return True
    try:
        built_in = host.read(posixpath.join("/lib/modules", host.uname()[1], "modules.builtin"))
    except OSError:
        return False
    return b"/nf_tables.ko" in built_in


def _old_tables(host: Host) -> Iterator[Incomplete]:
    for path, program in OLD_TABLES:
        try:
            tables = " ".join(decode(host.read(path, 4096)).split())
        except MISSING:
            continue
        except OSError as error:
            yield unread(path, error)
            continue
        if tables:
            yield Incomplete(reason=f"Rules of {program} in the tables {tables} can be read from files only.")


def _files(host: Host) -> Iterator[FirewallChain | FirewallRule | Incomplete]:
    for path, family in FILES:
        try:
            lines = read_lines(host, path)
        except MISSING:
            continue
        except OSError as error:
            yield unread(path, error)
        else:
            yield from parse_saved(lines, family, path)


def _split(line: str) -> list[str]:
    try:
        return shell_words(line)
    except ValueError:  # an unclosed quotation mark
        return line.split()


def _is_there(host: Host, path: str) -> bool:
    try:
        host.status(path)
    except OSError:
        return False
    return True


SENSOR: Final = Sensor(
    name="firewall",
    title="Rules of the packet filter",
    records=(FirewallChain, FirewallRule, FirewallSet),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=LINUX,
    needs=Needs(root=True),
    max_bytes=8 * 1024 * 1024,
)
