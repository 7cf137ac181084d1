"""Defaults of sshd by version and distribution (sshd_config(5), release notes)."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final

from openinspector.agent.linux.sshd_algorithms import default_algorithms

_VERSION: Final = re.compile(r"(\d+)\.(\d+)")
_NEWEST: Final = (99, 0)


class Builder(Enum):
    """Who built a host's sshd, as far as that changes defaults."""

    UPSTREAM = "upstream"
    """OpenSSH's own defaults, as in Debian and Ubuntu."""
    RED_HAT = "red hat"
    """Red Hat and its derivatives; a crypto policy chooses the algorithms."""
    SUSE = "suse"
    """SUSE; patches or a crypto policy choose the algorithms."""


_SAME_EVERYWHERE: Final[Mapping[str, str]] = {
    "addressfamily": "any",
    "allowagentforwarding": "yes",
    "allowtcpforwarding": "yes",
    "authenticationmethods": "any",
    "authorizedkeysfile": ".ssh/authorized_keys .ssh/authorized_keys2",
    "banner": "none",
    "clientalivecountmax": "3",
    "clientaliveinterval": "0",
    "gatewayports": "no",
    "gssapiauthentication": "no",
    "hostbasedauthentication": "no",
    "ignorerhosts": "yes",
    "ignoreuserknownhosts": "no",
    "logingracetime": "120",
    "loglevel": "INFO",
    "maxauthtries": "6",
    "maxsessions": "10",
    "maxstartups": "10:30:100",
    "passwordauthentication": "yes",
    "permitemptypasswords": "no",
    "permittunnel": "no",
    "permituserenvironment": "no",
    "port": "22",
    "printlastlog": "yes",
    "printmotd": "yes",
    "pubkeyauthentication": "yes",
    "strictmodes": "yes",
    "syslogfacility": "AUTH",
    "tcpkeepalive": "yes",
    "usepam": "no",
    "x11forwarding": "no",
    "x11uselocalhost": "yes",
}
IN_MATCH: Final = frozenset(
    {
        "acceptenv",
        "allowagentforwarding",
        "allowgroups",
        "allowstreamlocalforwarding",
        "allowtcpforwarding",
        "allowusers",
        "authenticationmethods",
        "authorizedkeyscommand",
        "authorizedkeyscommanduser",
        "authorizedkeysfile",
        "authorizedkeysfile2",
        "authorizedprincipalscommand",
        "authorizedprincipalscommanduser",
        "authorizedprincipalsfile",
        "banner",
        "casignaturealgorithms",
        "challengeresponseauthentication",
        "channeltimeout",
        "chrootdirectory",
        "clientalivecountmax",
        "clientaliveinterval",
        "denygroups",
        "denyusers",
        "disableforwarding",
        "exposeauthinfo",
        "forcecommand",
        "gatewayports",
        "gssapiauthentication",
        "gssapienablek5users",
        "hostbasedacceptedalgorithms",
        "hostbasedauthentication",
        "hostbasedusesnamefrompacketonly",
        "ignorerhosts",
        "include",
        "ipqos",
        "kbdinteractiveauthentication",
        "kerberosauthentication",
        "kerberosusekuserok",
        "loglevel",
        "logverbose",
        "maxauthtries",
        "maxsessions",
        "passwordauthentication",
        "permitemptypasswords",
        "permitlisten",
        "permitopen",
        "permitrootlogin",
        "permittty",
        "permittunnel",
        "permituserrc",
        "pubkeyacceptedalgorithms",
        "pubkeyauthentication",
        "pubkeyauthoptions",
        "rdomain",
        "refuseconnection",
        "rekeylimit",
        "requiredrsasize",
        "revokedkeys",
        "rhostsrsaauthentication",
        "rsaminsize",
        "setenv",
        "streamlocalbindmask",
        "streamlocalbindunlink",
        "trustedusercakeys",
        "unusedconnectiontimeout",
        "x11displayoffset",
        "x11forwarding",
        "x11uselocalhost",
    }
)
"""Keywords that a Match block may set for a connection (sshd_config(5), Match, and servconf.c of 9.2).

In ``Match all``, any other keyword counts as outside of blocks.
"""

PROTOCOL_1_GONE: Final = (7, 4)
"""Since this version sshd speaks only protocol 2 and ignores ``Protocol``."""
ONE_KEYBOARD_KEYWORD: Final = (8, 7)
"""Since this version ChallengeResponseAuthentication is an alias of KbdInteractiveAuthentication."""
_FORWARDING_SWITCH: Final = (7, 4)
"""Since this version sshd has DisableForwarding."""
_RED_HAT_FOLLOWS_UPSTREAM: Final = (8, 7)
"""Version of Red Hat Enterprise Linux 9, the first whose sshd refuses root's password as upstream does."""


def number(version: str) -> tuple[int, int]:
    """Return (9, 2) for ``9.2p1``; an unknown version counts as the newest."""
    found = _VERSION.match(version)
    return (int(found[1]), int(found[2])) if found else _NEWEST


def defaults(version: str, builder: Builder = Builder.UPSTREAM) -> dict[str, str]:
    """Return the defaults of one OpenSSH version, such as ``9.2p1``, by keyword; of the newest if it is unknown.

    Lists of algorithms are left out if the version is unknown or the builder chooses them.
    """
    release = number(version)
    values = {
        **_SAME_EVERYWHERE,
        "kbdinteractiveauthentication": "yes",
        "permitrootlogin": _root_login(release, builder),
        "protocol": "2" if release >= (5, 4) else "2,1",
        "usedns": "no" if release >= (6, 8) else "yes",
        "compression": "yes" if release >= (7, 4) else "delayed",
    }
    if release < ONE_KEYBOARD_KEYWORD:
        values |= {"challengeresponseauthentication": "yes", "kbdinteractiveauthentication": "no"}
    if release >= _FORWARDING_SWITCH:
        values["disableforwarding"] = "no"
    if builder is Builder.UPSTREAM and release != _NEWEST:
        values |= default_algorithms(release)
    return values


def _root_login(release: tuple[int, int], builder: Builder) -> str:
    # OpenSSH 7.0 stopped taking root's password; Red Hat's builds kept taking it until Enterprise Linux 9.
    if release < (7, 0) or (builder is Builder.RED_HAT and release < _RED_HAT_FOLLOWS_UPSTREAM):
        return "yes"
    return "prohibit-password"
