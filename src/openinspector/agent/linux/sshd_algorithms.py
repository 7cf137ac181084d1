"""Algorithms that sshd accepts when its configuration names none, and lists that change them (``Ciphers -3des-cbc``).

Sources: the release notes and ``myproposal.h`` of OpenSSH. The lists of 9.2 agree with ``sshd -T``. Those of 7.9, 8.9
and 10.0 were compared with copies of the file, those between follow from the release notes. Releases before 7.3 are
left out: their lists are not known well enough to judge a host by.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

_OLDEST: Final = (7, 3)

_COUNTER_CIPHERS: Final = "aes128-ctr,aes192-ctr,aes256-ctr"
_AUTHENTICATED_CIPHERS: Final = "aes128-gcm@openssh.com,aes256-gcm@openssh.com"
_CHACHA: Final = "chacha20-poly1305@openssh.com"
_MACS: Final = (
    "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,"
    "hmac-sha1-etm@openssh.com,umac-64@openssh.com,umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1"
)
_CURVES: Final = (
    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521"
)
_GROUPS: Final = (
    "diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,"
    "diffie-hellman-group14-sha256"
)
_LATTICE: Final = "sntrup761x25519-sha512@openssh.com"
_MODULE_LATTICE: Final = "mlkem768x25519-sha256"

_KEY_EXCHANGES: Final[tuple[tuple[tuple[int, int], str], ...]] = (
    ((10, 0), f"{_MODULE_LATTICE},sntrup761x25519-sha512,{_LATTICE},{_CURVES}"),
    ((9, 9), f"sntrup761x25519-sha512,{_LATTICE},{_MODULE_LATTICE},{_CURVES},{_GROUPS}"),
    ((9, 0), f"{_LATTICE},{_CURVES},{_GROUPS}"),
    ((8, 9), f"{_CURVES},{_LATTICE},{_GROUPS}"),
    ((8, 2), f"{_CURVES},{_GROUPS}"),
    (_OLDEST, f"{_CURVES},{_GROUPS},diffie-hellman-group14-sha1"),
)
"""Default key exchanges by the first release that has them, newest first."""

KEYWORDS: Final = frozenset({"ciphers", "macs", "kexalgorithms"})
"""Keywords whose value is a list of algorithms."""


def default_algorithms(release: tuple[int, int]) -> Mapping[str, str]:
    """Return the lists that an unpatched sshd uses, by keyword; empty for releases before 7.3."""
    if release < _OLDEST:
        return {}
    ordered = (
        (_AUTHENTICATED_CIPHERS, _COUNTER_CIPHERS)
        if release >= (10, 0)
        else (
            _COUNTER_CIPHERS,
            _AUTHENTICATED_CIPHERS,
        )
    )
    return {
        "ciphers": ",".join((_CHACHA, *ordered)),
        "macs": _MACS,
        "kexalgorithms": next(names for first, names in _KEY_EXCHANGES if release >= first),
    }


def resolved(written: str, default: str | None) -> str:
    """Return the list in force for a value as written: ``+a`` adds to the default, ``-a`` removes, ``^a`` puts first.

    Names to remove may be patterns. Without a known default, a value that changes it is returned as written.
    """
    sign, names = written[:1], written[1:].split(",")
    if sign not in ("+", "-", "^") or default is None:
        return written
    known = default.split(",")
    if sign == "-":
        return ",".join(name for name in known if not any(fnmatchcase(name, pattern) for pattern in names))
    return ",".join(dict.fromkeys((*known, *names) if sign == "+" else (*names, *known)))
