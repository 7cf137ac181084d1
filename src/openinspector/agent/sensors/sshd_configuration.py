"""The configuration that sshd applies to root and to an ordinary user, from any address (F5.63 rules 1 to 3).

It is computed from files; sshd is never run. ``PermitRootLogin`` is always ``prohibit-password``, never its older
name ``without-password``. Durations are seconds.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, decode, unread
from openinspector.agent.linux.os_release_file import read_os_release
from openinspector.agent.linux.sshd_algorithms import KEYWORDS as ALGORITHMS
from openinspector.agent.linux.sshd_algorithms import resolved
from openinspector.agent.linux.sshd_connection import ROOT, connections
from openinspector.agent.linux.sshd_defaults import (
    IN_MATCH,
    ONE_KEYBOARD_KEYWORD,
    PROTOCOL_1_GONE,
    Builder,
    defaults,
    number,
)
from openinspector.agent.linux.sshd_file import SshdFiles, SshdLine, refusal
from openinspector.agent.linux.sshd_match import ClientConnection, RefusedLineError
from openinspector.agent.linux.sshd_service import service_file, service_settings
from openinspector.agent.linux.sshd_syntax import (
    DURATIONS,
    VALUES,
    check_in_match,
    check_keyword,
    check_setting,
    seconds,
)
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Needs, Sensor, Trigger
from openinspector.model.inventory import SshdConfiguration, SshdConnection

PROGRAMS: Final = ("/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/lib/ssh/sshd")
FILES: Final = ("/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config")
"""The administrator's file, or else the distribution's (openSUSE)."""
_BANNER: Final = re.compile(rb"OpenSSH_(\d+\.\d+(?:\.\d+)?p\d+)")
_MAX_PROGRAM_BYTES: Final = 32 * 1024 * 1024
_RED_HAT: Final = {"rhel", "centos", "fedora", "amzn", "almalinux", "rocky", "ol"}
_SUSE: Final = {"suse", "sles", "opensuse"}

_NAMES: Final = {
    "dsaauthentication": "pubkeyauthentication",
    "hostdsakey": "hostkey",
    "keepalive": "tcpkeepalive",
    "skeyauthentication": "challengeresponseauthentication",
    "pubkeyacceptedkeytypes": "pubkeyacceptedalgorithms",
    "hostbasedacceptedkeytypes": "hostbasedacceptedalgorithms",
}
"""Old names of keywords, mapped to the names that sshd prints."""
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
_UPPER: Final = ("loglevel", "syslogfacility")
_MAX_PROBLEMS: Final = 20


def collect(host: Host) -> Iterator[SshdConfiguration | Incomplete | Absent]:
    """Yield the one SshdConfiguration, unless a file cannot be read or sshd refuses one: then nothing is certain."""
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
    found = _BANNER.search(program)
    version = decode(found[1]) if found else ""
    files = SshdFiles(host)
    try:
        settings = [*service_settings(host), *files.settings(path)]
    except OSError as error:
        yield unread(path, error)
        return
    except RefusedLineError as refused:
        yield refusal("the options of its service", refused)
        return
    problems = [*files.problems, *_refusals(settings, version, program)]
    if problems:
        yield from problems[:_MAX_PROBLEMS]
        return
    yield _configuration(settings, host, version)


def effective(
    settings: Iterable[SshdLine], connection: ClientConnection, builder: Builder = Builder.UPSTREAM
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the values for one connection, and their sources, by keyword; ``settings`` are in sshd's order.

    Outside of Match blocks and inside of those that apply, the first value of a keyword wins, except for keywords
    that collect values. A value from a block overrides one from outside.
    """
    version = connection.version
    outside: dict[str, list[SshdLine]] = {}
    matched: dict[str, list[SshdLine]] = {}
    for setting in settings:
        keyword = _keyword(setting.keyword, version)
        if setting.blocks and keyword in IN_MATCH:
            if all(block.matches(connection) for block in setting.blocks):
                matched.setdefault(keyword, []).append(setting)
        else:
            outside.setdefault(keyword, []).append(setting)
    values = defaults(version, builder)
    sources: dict[str, str] = {}
    for keyword, given in (outside | matched).items():
        if keyword == "protocol" and number(version) >= PROTOCOL_1_GONE:
            continue
        used = given if keyword in _COLLECTING else given[:1]
        written = " ".join(word for setting in used for word in setting.arguments)
        values[keyword] = resolved(written, values.get(keyword)) if keyword in ALGORITHMS else _value(keyword, written)
        sources[keyword] = given[0].source
    if values.get("challengeresponseauthentication") == "yes":
        # Older sshd takes either keyword for the same method.
        values["kbdinteractiveauthentication"] = "yes"
        sources.pop("kbdinteractiveauthentication", None)
    return dict(sorted(values.items())), sources


def _configuration(settings: Sequence[SshdLine], host: Host, version: str) -> SshdConfiguration:
    builder = _builder(host)
    evaluated = [
        (connection, *effective(settings, connection, builder)) for connection in connections(settings, host, version)
    ]
    _, base, base_sources = evaluated[0]
    distinct: dict[str, list[SshdConnection]] = {"": [], ROOT: []}
    for connection, values, sources in evaluated:
        user = ROOT if connection.user == ROOT else ""
        changed = {keyword: value for keyword, value in values.items() if base.get(keyword) != value}
        if all(known.values != changed for known in distinct[user]):
            distinct[user].append(_connection(connection, user, changed, sources))
    singled_out = [each for user, found in distinct.items() for each in found if user or each.values]
    if all(not each.values for each in singled_out):
        singled_out = []
    return SshdConfiguration(
        installed=True, version=version, values=base, sources=base_sources, connections=tuple(singled_out)
    )


def _connection(
    connection: ClientConnection, user: str, changed: dict[str, str], sources: dict[str, str]
) -> SshdConnection:
    return SshdConnection(
        user=user,
        ip_version=6 if ":" in connection.address else 4,
        local_address=connection.local_address,
        local_port=connection.local_port,
        values=changed,
        sources={keyword: sources[keyword] for keyword in changed if keyword in sources},
    )


def _refusals(settings: Iterable[SshdLine], version: str, program: bytes) -> Iterator[Incomplete]:
    """Yield a sentence for each setting that keeps this sshd from starting."""
    for setting in settings:
        keyword = _keyword(setting.keyword, version)
        try:
            check_keyword(setting.keyword, program)
            check_setting(keyword, setting.arguments)
            if any(not block.is_all for block in setting.blocks):
                check_in_match(keyword, version)
        except RefusedLineError as refused:
            yield refusal(setting.source, refused)


def _keyword(keyword: str, version: str) -> str:
    name = _NAMES.get(keyword, keyword)
    if name == "challengeresponseauthentication" and number(version) >= ONE_KEYBOARD_KEYWORD:
        return "kbdinteractiveauthentication"
    return name


def _value(keyword: str, text: str) -> str:
    if keyword in VALUES:
        return text.lower().replace("without-password", "prohibit-password")
    if keyword in DURATIONS:
        return str(seconds(text))
    return text.upper() if keyword in _UPPER else text


def _program(host: Host) -> bytes | None:
    """Return the bytes of the sshd program, or None if absent; raise OSError if it cannot be read."""
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


def _builder(host: Host) -> Builder:
    try:
        release = read_os_release(host) or {}
    except OSError:
        return Builder.UPSTREAM
    names = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    if names & _RED_HAT:
        return Builder.RED_HAT
    return Builder.SUSE if names & _SUSE else Builder.UPSTREAM


SENSOR: Final = Sensor(
    name="sshd_configuration",
    title="Effective configuration of sshd",
    records=(SshdConfiguration,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
    needs=Needs(root=True),
)
