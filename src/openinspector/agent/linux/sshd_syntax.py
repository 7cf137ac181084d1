"""Which lines of sshd_config(5) sshd refuses to start with (servconf.c), and how it splits a line into words."""

import re
from collections.abc import Mapping
from typing import Final

from openinspector.agent.linux.sshd_defaults import IN_MATCH, number
from openinspector.agent.linux.sshd_match import RefusedLineError

_BLANKS: Final = " \t"
_SPECIAL: Final = re.compile(r"[\"'\\#]")
_ESCAPED: Final = "'\"\\"
_NEWEST_KNOWN: Final = (10, 2)
"""Later versions may take more keywords in Match blocks."""

_FLAG: Final = ("yes", "no")
_FORWARDING: Final = ("yes", "no", "all", "local", "remote")
VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        (
            "allowagentforwarding",
            "challengeresponseauthentication",
            "disableforwarding",
            "exposeauthinfo",
            "gssapiauthentication",
            "hostbasedauthentication",
            "hostbasedusesnamefrompacketonly",
            "ignoreuserknownhosts",
            "kbdinteractiveauthentication",
            "passwordauthentication",
            "permitemptypasswords",
            "permittty",
            "permituserrc",
            "printlastlog",
            "printmotd",
            "pubkeyauthentication",
            "streamlocalbindunlink",
            "strictmodes",
            "tcpkeepalive",
            "usedns",
            "usepam",
            "x11forwarding",
            "x11uselocalhost",
        ),
        _FLAG,
    ),
    "addressfamily": ("any", "inet", "inet6"),
    "allowstreamlocalforwarding": _FORWARDING,
    "allowtcpforwarding": _FORWARDING,
    "compression": ("yes", "no", "delayed"),
    "gatewayports": ("yes", "no", "clientspecified"),
    "ignorerhosts": ("yes", "no", "shosts-only"),
    "permitrootlogin": ("yes", "no", "prohibit-password", "without-password", "forced-commands-only"),
    "permittunnel": ("yes", "no", "point-to-point", "ethernet"),
}
"""The only values of a keyword, in whatever case; it takes one of them."""
_NUMBERS: Final = ("clientalivecountmax", "maxauthtries", "maxsessions", "x11displayoffset")
DURATIONS: Final = ("clientaliveinterval", "logingracetime")
SECONDS: Final[Mapping[str, int]] = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
DURATION_PART: Final = re.compile(r"(\d{1,9})([smhdwSMHDW]?)", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,9}", re.ASCII)


def split_words(text: str) -> tuple[str, ...]:
    """Return the words before a comment, with quotes and escapes resolved (argv_split); raise RefusedLineError."""
    if not _SPECIAL.search(text):
        return tuple(word for word in re.split("[ \t]+", text) if word)
    words: list[str] = []
    at = 0
    while at < len(text):
        if text[at] in _BLANKS:
            at += 1
        elif text[at] == "#":
            break
        else:
            word, at = _word(text, at)
            words.append(word)
    return tuple(words)


def check_setting(keyword: str, arguments: tuple[str, ...]) -> None:
    """Raise RefusedLineError if sshd does not take ``arguments`` for the lower-case ``keyword``.

    Only keywords with a closed set of values, a number or a duration are checked beyond having an argument.
    """
    if not arguments:
        raise RefusedLineError(f"{keyword} has no argument")
    single = keyword in VALUES or keyword in _NUMBERS or keyword in DURATIONS
    if single and len(arguments) > 1:
        raise RefusedLineError(f"{keyword} has more than one argument")
    value = arguments[0]
    if keyword in VALUES and value.lower() not in VALUES[keyword]:
        raise RefusedLineError(f"{value} is not a value of {keyword}")
    if keyword in _NUMBERS and not _NUMBER.fullmatch(value):
        raise RefusedLineError(f"{value} is not a number")
    if keyword in DURATIONS and seconds(value) is None:
        raise RefusedLineError(f"{value} is not a duration")


def check_in_match(keyword: str, version: str) -> None:
    """Raise RefusedLineError if this version of sshd refuses ``keyword`` in a Match block other than ``all``."""
    if keyword not in IN_MATCH and number(version) <= _NEWEST_KNOWN:
        raise RefusedLineError(f"{keyword} is not allowed in a Match block")


def check_keyword(keyword: str, program: bytes) -> None:
    """Raise RefusedLineError if ``program``, the sshd of the host, does not contain ``keyword``.

    Keywords differ by version and distribution; the program holds them as C strings. A program that does not even
    hold ``permitrootlogin`` keeps its keywords elsewhere and proves nothing.
    """
    if b"permitrootlogin\0" in program and keyword.encode() + b"\0" not in program:
        raise RefusedLineError(f"{keyword} is not a keyword of this sshd")


def seconds(text: str) -> int | None:
    """Return 150 for ``2m30s`` (sshd_config(5), TIME FORMATS), or None if ``text`` is not a duration."""
    parts = DURATION_PART.findall(text)
    if not parts or "".join(count + unit for count, unit in parts) != text:
        return None
    return sum(int(count) * SECONDS[unit.lower()] for count, unit in parts)


def _word(text: str, at: int) -> tuple[str, int]:
    """Return the word that starts at ``at``, and the index of the blank or the end after it."""
    word: list[str] = []
    quote = ""
    while at < len(text):
        character = text[at]
        following = text[at + 1 : at + 2]
        if character == "\\" and following and (following in _ESCAPED or (not quote and following == " ")):
            word.append(following)
            at += 1
        elif not quote and character in _BLANKS:
            break
        elif not quote and character in "\"'":
            quote = character
        elif character == quote:
            quote = ""
        else:
            word.append(character)
        at += 1
    if quote:
        raise RefusedLineError("a quotation mark is not closed")
    return "".join(word), at
