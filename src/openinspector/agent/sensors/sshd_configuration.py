"""The configuration that sshd acts on for every connection (F5.63 rules 1 to 3; decisions, "SSH rules").

Computed from files; sshd is never run. ``PermitRootLogin`` is always ``prohibit-password``, never its older name
``without-password``. Durations are seconds.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, decode, unread
from openinspector.agent.linux.os_release_file import read_os_release
from openinspector.agent.linux.sshd_defaults import (
    FLAGS,
    IN_MATCH,
    ONE_KEYBOARD_KEYWORD,
    PROTOCOL_1_GONE,
    defaults,
    number,
)
from openinspector.agent.linux.sshd_file import Setting, SshdFiles
from openinspector.agent.linux.sshd_service import service_file, service_settings
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Needs, Sensor, Trigger
from openinspector.model.inventory import SshdConfiguration

PROGRAMS: Final = ("/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/lib/ssh/sshd")
FILES: Final = ("/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config")
"""The administrator's, else the distribution's (openSUSE)."""
_BANNER: Final = re.compile(rb"OpenSSH_(\d+\.\d+(?:\.\d+)?p\d+)")
_MAX_PROGRAM_BYTES: Final = 32 * 1024 * 1024
_RED_HAT: Final = {"rhel", "centos", "fedora", "amzn", "almalinux", "rocky", "ol"}

_NAMES: Final = {
    "dsaauthentication": "pubkeyauthentication",
    "hostdsakey": "hostkey",
    "keepalive": "tcpkeepalive",
    "skeyauthentication": "challengeresponseauthentication",
    "pubkeyacceptedkeytypes": "pubkeyacceptedalgorithms",
    "hostbasedacceptedkeytypes": "hostbasedacceptedalgorithms",
}
"""Older name of a keyword to the one sshd prints."""
_COLLECTING: Final = frozenset(
    {
        "acceptenv",
        "allowgroups",
        "allowusers",
        "denygroups",
        "denyusers",
        "hostcertificate",
        "hostkey",
        "listenaddress",
        "port",
        "setenv",
        "subsystem",
    }
)
_DURATIONS: Final = ("logingracetime", "clientaliveinterval")
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION_PART: Final = re.compile(r"(\d{1,9})([smhdw]?)")
_UPPER: Final = ("loglevel", "syslogfacility")


def collect(host: Host) -> Iterator[SshdConfiguration | Incomplete | Absent]:
    """Yield the one SshdConfiguration; none where a file that could set anything cannot be read."""
    try:
        program = _program(host)
    except OSError as error:
        yield unread(PROGRAMS[0], error)
        program = b""
    path = service_file(host) or next((path for path in FILES if _is_there(host, path)), None)
    if program is None:
        yield Absent(reason="sshd is not installed.") if path is None else SshdConfiguration(installed=False)
        return
    if path is None:
        yield Incomplete(reason=f"sshd is installed, but there is no {FILES[0]}: it cannot start.")
        return
    files = SshdFiles(host)
    try:
        settings = [*service_settings(host), *files.settings(path)]
    except OSError as error:
        yield unread(path, error)
        return
    if files.problems:
        yield from files.problems
        return
    found = _BANNER.search(program)
    yield effective(settings, decode(found[1]) if found else "", is_red_hat=_is_red_hat(host))


def effective(settings: Iterable[Setting], version: str, *, is_red_hat: bool = False) -> SshdConfiguration:
    """Return what ``settings``, in the order sshd meets them, come to in one version of OpenSSH."""
    outside: dict[str, list[Setting]] = {}
    matched: dict[str, list[Setting]] = {}
    for setting in settings:
        keyword = _keyword(setting.keyword, version)
        if setting.arguments:
            (matched if setting.in_match and keyword in IN_MATCH else outside).setdefault(keyword, []).append(setting)
    values = defaults(version, is_red_hat=is_red_hat)
    sources: dict[str, str] = {}
    for keyword, given in (outside | matched).items():
        if keyword == "protocol" and number(version) >= PROTOCOL_1_GONE:
            continue
        used = given if keyword in _COLLECTING else given[:1]
        values[keyword] = _value(keyword, " ".join(word for setting in used for word in setting.arguments))
        sources[keyword] = given[0].source
    if values.get("challengeresponseauthentication") == "yes":
        # Older sshd takes either keyword for the same method.
        values["kbdinteractiveauthentication"] = "yes"
        sources.pop("kbdinteractiveauthentication", None)
    return SshdConfiguration(installed=True, version=version, values=dict(sorted(values.items())), sources=sources)


def _keyword(keyword: str, version: str) -> str:
    name = _NAMES.get(keyword, keyword)
    if name == "challengeresponseauthentication" and number(version) >= ONE_KEYBOARD_KEYWORD:
        return "kbdinteractiveauthentication"
    return name


def _value(keyword: str, text: str) -> str:
    lower = text.lower()
    if keyword in FLAGS and lower in ("true", "false", "yes", "no"):
        return "yes" if lower in ("true", "yes") else "no"
    if keyword == "permitrootlogin":
        return {"without-password": "prohibit-password", "true": "yes", "false": "no"}.get(lower, lower)
    if keyword in _DURATIONS:
        return _seconds(lower)
    return text.upper() if keyword in _UPPER else text


def _seconds(text: str) -> str:
    """Return ``150`` for ``2m30s`` (sshd_config(5), TIME FORMATS); what is no duration stays as it is."""
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(count + unit for count, unit in parts) != text:
        return text
    return str(sum(int(count) * _SECONDS[unit] for count, unit in parts))


def _program(host: Host) -> bytes | None:
    """Return the sshd program's bytes, or None where there is none; raises OSError where it cannot be read."""
    for path in PROGRAMS:
        try:
            return host.read(path, _MAX_PROGRAM_BYTES)
        except MISSING:
            continue
    return None


def _is_there(host: Host, path: str) -> bool:
    try:
        host.status(path)
    except MISSING:
        return False
    except OSError:
        return True
    return True


def _is_red_hat(host: Host) -> bool:
    try:
        release = read_os_release(host) or {}
    except OSError:
        return False
    return not _RED_HAT.isdisjoint((release.get("ID", ""), *release.get("ID_LIKE", "").split()))


SENSOR: Final = Sensor(
    name="sshd_configuration",
    title="Effective configuration of sshd",
    records=(SshdConfiguration,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
    needs=Needs(root=True),
)
