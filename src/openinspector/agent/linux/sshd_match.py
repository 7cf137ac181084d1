"""Match lines of sshd_config(5), evaluated for one connection as ``sshd -T -C`` does (servconf.c, addrmatch.c)."""

import ipaddress
import re
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from typing import Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_PATTERN: Final = 1024
_WORD: Final = re.compile(r'"([^"]*)"|([^\s="]+)')
"""Words of a Match line are separated by blanks or one ``=`` (misc.c, strdelim)."""
_WITH_ARGUMENT: Final = ("user", "group", "host", "address", "localaddress", "localport", "rdomain", "version")
_ADDRESSES: Final = ("address", "localaddress")
_WITHOUT_ARGUMENT: Final = "invalid-user"
_PORT: Final = re.compile(r"\d{1,9}", re.ASCII)
_SERVICES: Final = {"ssh": 22}
"""Services of services(5) that a port may be named by; no other is expected to be sshd's."""
_MAX_PORT: Final = 65535


class RefusedLineError(ValueError):
    """sshd refuses a line and does not start; the text says why, as a clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConnection:
    """A connection that Match lines are evaluated for."""

    user: str
    groups: tuple[str, ...]
    address: str
    """Of the client; also its host name, because sshd does not look names up by default."""
    local_address: str = ""
    local_port: int = 22
    version: str = ""
    """OpenSSH version of the server, such as ``9.2p1``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchBlock:
    """The criteria of one Match line, each a lower-case name and its comma-separated patterns."""

    criteria: tuple[tuple[str, str], ...]

    @property
    def is_all(self) -> bool:
        """True for ``Match all``, which sshd applies even before a connection."""
        return not self.criteria

    def matches(self, connection: ClientConnection) -> bool:
        """Return True if the connection meets every criterion."""
        return all(meets(name, patterns, connection) for name, patterns in self.criteria)


def parse_match(text: str) -> MatchBlock:
    """Return the criteria of the text after ``Match``; raise RefusedLineError if sshd refuses it."""
    words = [quoted or bare for quoted, bare in _WORD.findall(text)]
    words = words[: next((at for at, word in enumerate(words) if word.startswith("#")), None)]
    if not words:
        raise RefusedLineError("Match has no criteria")
    if any(word.lower() == "all" for word in words[:1]):
        if len(words) > 1:
            raise RefusedLineError("Match all takes no other criteria")
        return MatchBlock(criteria=())
    criteria: list[tuple[str, str]] = []
    pending = iter(words)
    for word in pending:
        name = word.lower()
        if name == _WITHOUT_ARGUMENT:
            criteria.append((name, ""))
            continue
        if name not in _WITH_ARGUMENT:
            raise RefusedLineError(f"{word} is not a criterion of Match")
        patterns = next(pending, "")
        if not patterns:
            raise RefusedLineError(f"the criterion {word} of Match has no argument")
        _check(name, patterns)
        criteria.append((name, patterns))
    return MatchBlock(criteria=tuple(criteria))


def matches_pattern(text: str, pattern: str) -> bool:
    """Return True if ``text`` matches a pattern of ``*`` and ``?`` (ssh_config(5), PATTERNS)."""
    return len(pattern) < MAX_PATTERN and _compiled(pattern).match(text) is not None


def matches_list(text: str, patterns: str) -> bool:
    """Return True if one of the comma-separated patterns matches ``text`` and no negated one does."""
    chosen = patterns.split(",")
    if any(part.startswith("!") and matches_pattern(text, part[1:]) for part in chosen):
        return False
    return any(matches_pattern(text, part) for part in chosen if not part.startswith("!"))


def matches_address(address: str, patterns: str) -> bool:
    """Return True if one of the networks or patterns holds ``address`` and no negated one before it does."""
    for part in patterns.split(","):
        if _holds(part.removeprefix("!"), address):
            return not part.startswith("!")
    return False


def meets(name: str, patterns: str, connection: ClientConnection) -> bool:
    """Return True if the connection meets one criterion of `MatchBlock.criteria`."""
    match name:
        case "user":
            return matches_list(connection.user, patterns)
        case "group":
            return _in_group(connection.groups, patterns)
        case "host":
            return matches_list(connection.address.lower(), patterns.lower())
        case "address":
            return matches_address(connection.address, patterns)
        case "localaddress":
            return matches_address(connection.local_address, patterns)
        case "localport":
            return _port(patterns) == connection.local_port
        case "version":
            return matches_list(f"OpenSSH_{connection.version}", patterns)
        case _:  # no routing domain, and a valid user
            return False


def _in_group(groups: tuple[str, ...], patterns: str) -> bool:
    """Return True if a group matches; the first that a negated pattern matches ends the search (groupaccess.c)."""
    for group in groups:
        if any(part.startswith("!") and matches_pattern(group, part[1:]) for part in patterns.split(",")):
            return False
        if matches_list(group, patterns):
            return True
    return False


def _check(name: str, patterns: str) -> None:
    if name == "localport" and (_port(patterns) or 0) > _MAX_PORT:
        raise RefusedLineError(f"{patterns} is not a port")
    if name in _ADDRESSES:
        for part in patterns.split(","):
            _network(part.removeprefix("!"))


def _port(text: str) -> int | None:
    """Return the port that a number or the name of a service stands for, or None if it is another service."""
    return int(text) if _PORT.fullmatch(text) else _SERVICES.get(text.lower())


def _holds(part: str, address: str) -> bool:
    network = _network(part)
    if network is None:
        return matches_pattern(address, part)
    return bool(address) and ipaddress.ip_address(address) in network


@lru_cache(maxsize=4096)
def _network(text: str) -> Network | None:
    """Return the network of ``address`` or ``address/length``, or None for a pattern; raise RefusedLineError."""
    address, slash, length = text.partition("/")
    try:
        first = ipaddress.ip_address(address)
    except ValueError:
        return None
    if not slash:
        return ipaddress.ip_network(first)
    if not (length.isascii() and length.isdecimal()):
        return None
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise RefusedLineError(f"{text} is not a network: the length does not fit the address") from None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    # In a pattern of sshd, brackets stand for themselves.
    return re.compile(translate(pattern.replace("[", "[[]")))
