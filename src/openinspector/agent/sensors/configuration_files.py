"""Lines of the configuration files that benchmarks ask for.

The list of files is closed, and for most files a pattern names the lines that are sent: for example, only umask,
timeout and PATH of a shell's start file. Possible secrets are replaced before they leave the host: values of keys named
password, pwd, secret, token, community or key, credentials in URLs, and GRUB's password hashes. Private keys are never
sent: a file with one is left out and reported.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, decode, encodable, unread
from openinspector.agent.linux.path_pattern import expand_or_note
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Needs, Sensor, Trigger
from openinspector.model.hardening import CollectedPaths, ConfigurationFile, ConfigurationLine

MAX_FILE: Final = 64 * 1024
"""Bytes of one file; a larger one is reported and left out."""
MAX_FILES: Final = 400
MAX_TOTAL: Final = 1024 * 1024
"""Characters of all lines."""
MAX_LINE: Final = 1024
_ALL: Final = r"."
_SHELL: Final = r"\b(?:umask|TMOUT|PATH)\b"
_BOOT: Final = r"^\s*(?:linux(?:16|efi)?\s|options\s|password_pbkdf2\s|set\s+superusers|GRUB2_PASSWORD)"


@dataclass(frozen=True, slots=True)
class _Source:
    """A pattern of paths, and the pattern of the lines that are sent."""

    paths: str
    lines: str = _ALL
    may_hold_secrets: bool = True
    """False for files whose grammar has no secrets: there ``NOPASSWD: ALL`` is a setting."""


_SOURCES: Final = (
    # Kernel and boot
    _Source("/usr/lib/modprobe.d/*.conf"),
    _Source("/run/modprobe.d/*.conf"),
    _Source("/etc/modprobe.d/*.conf"),
    _Source("/etc/modprobe.conf"),
    _Source("/etc/modules-load.d/*.conf"),
    _Source("/run/modules-load.d/*.conf"),
    _Source("/usr/lib/modules-load.d/*.conf"),
    _Source("/usr/local/lib/sysctl.d/*.conf"),
    _Source("/etc/fstab"),
    _Source("/usr/lib/sysctl.d/*.conf"),
    _Source("/run/sysctl.d/*.conf"),
    _Source("/etc/sysctl.d/*.conf"),
    _Source("/etc/sysctl.conf"),
    _Source("/etc/ufw/sysctl.conf"),
    _Source("/etc/default/grub", r"^GRUB_CMDLINE_LINUX"),
    _Source("/etc/default/grub.d/*.cfg", r"^GRUB_CMDLINE_LINUX"),
    _Source("/etc/kernel/cmdline"),
    _Source("/boot/grub/grub.cfg", _BOOT),
    _Source("/boot/grub2/grub.cfg", _BOOT),
    _Source("/boot/grub2/user.cfg", _BOOT),
    _Source("/boot/efi/EFI/*/grub.cfg", _BOOT),
    _Source("/boot/efi/EFI/*/user.cfg", _BOOT),
    _Source("/boot/loader/entries/*.conf", _BOOT),
    _Source("/etc/grub.d/*", r"^\s*(?:password_pbkdf2\s|set\s+superusers)"),
    # Services
    *(
        _Source(f"{folder}/systemd/{name}")
        for name in ("journald.conf", "timesyncd.conf", "coredump.conf", "journal-upload.conf")
        for folder in ("/usr/lib", "/etc")
    ),
    *(
        _Source(f"{folder}/systemd/{name}.d/*.conf")
        for name in ("journald.conf", "timesyncd.conf", "coredump.conf", "journal-upload.conf")
        for folder in ("/usr/lib", "/run", "/etc")
    ),
    _Source("/etc/chrony.conf", r"^\s*(?:server|pool|user|maxdistance)\b"),
    _Source("/etc/chrony/chrony.conf", r"^\s*(?:server|pool|user|maxdistance)\b"),
    _Source("/etc/chrony/conf.d/*", r"^\s*(?:server|pool|user|maxdistance)\b"),
    _Source("/etc/chrony/sources.d/*", r"^\s*(?:server|pool)\b"),
    _Source("/etc/chrony.d/*", r"^\s*(?:server|pool|user|maxdistance)\b"),
    _Source("/etc/sysconfig/chronyd"),
    _Source("/etc/rsyslog.conf"),
    _Source("/etc/rsyslog.d/*.conf"),
    _Source("/etc/audit/auditd.conf"),
    _Source("/etc/audit/rules.d/*.rules"),
    _Source("/etc/postfix/main.cf", r"^inet_interfaces\s*="),
    _Source("/etc/aide.conf", r"^/\S*/(?:au|ausearch)|^@@include"),
    _Source("/etc/aide/aide.conf", r"^/\S*/(?:au|ausearch)|^@@include"),
    _Source("/etc/aide/aide.conf.d/*", r"^/\S*/au"),
    _Source("/etc/crontab", r"\baide"),
    _Source("/etc/cron.d/*", r"\baide"),
    _Source("/etc/cron.daily/aide*", r"\baide"),
    _Source("/etc/gdm3/custom.conf"),
    _Source("/etc/gdm3/daemon.conf"),
    _Source("/etc/gdm3/greeter.dconf-defaults"),
    _Source("/etc/gdm/custom.conf"),
    _Source("/etc/dconf/db/*.d/*"),
    # Packages
    _Source("/etc/dnf/dnf.conf", r"^\s*(?:\[|\w*gpgcheck)"),
    _Source("/etc/yum.conf", r"^\s*(?:\[|\w*gpgcheck)"),
    _Source("/etc/zypp/zypp.conf", r"^\s*(?:\[|\w*gpgcheck)"),
    _Source("/etc/yum.repos.d/*.repo", r"^\s*(?:\[|\w*gpgcheck|enabled)"),
    _Source("/etc/zypp/repos.d/*.repo", r"^\s*(?:\[|\w*gpgcheck|enabled)"),
    # Logins
    _Source("/etc/sudoers", may_hold_secrets=False),
    _Source("/etc/sudoers.d/*", may_hold_secrets=False),
    _Source("/etc/pam.d/su"),
    _Source("/etc/security/faillock.conf"),
    _Source("/etc/security/pwhistory.conf"),
    _Source("/etc/security/pwquality.conf"),
    _Source("/etc/security/pwquality.conf.d/*.conf"),
    _Source("/etc/security/limits.conf"),
    _Source("/etc/security/limits.d/*"),
    _Source("/etc/default/useradd"),
    _Source("/etc/login.defs", r"^\s*(?:UMASK|ENV_SUPATH|ENV_PATH)\b"),
    _Source("/etc/profile", _SHELL),
    _Source("/etc/profile.d/*.sh", _SHELL),
    _Source("/etc/bash.bashrc", _SHELL),
    _Source("/etc/bashrc", _SHELL),
    _Source("/etc/environment", _SHELL),
    _Source("/root/.profile", _SHELL),
    _Source("/root/.bashrc", _SHELL),
    _Source("/root/.bash_profile", _SHELL),
    _Source("/etc/shells"),
    _Source("/etc/motd"),
    _Source("/etc/issue"),
    _Source("/etc/issue.net"),
    # The system itself
    _Source("/etc/os-release"),
    _Source("/etc/debian_version"),
    _Source("/etc/redhat-release"),
    # Access control
    _Source("/usr/lib/systemd/system/auditd.service"),
    _Source("/etc/selinux/config"),
    _Source("/etc/crypto-policies/config"),
)

_COMMENT: Final = re.compile(r"^\s*[#;]|^\s*$")
_WITHOUT_COMMENTS: Final = frozenset({"/etc/motd", "/etc/issue", "/etc/issue.net"})
"""Texts for people: there a line that begins with # is part of the text."""
_PRIVATE_KEY: Final = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_URL: Final = re.compile(r"(://)[^/\s@]+@")
_SECRET: Final = re.compile(
    r"(?i)(\b[\w.-]*(?:password|passwd|passphrase|pwd|secret|token|community|credential|private_?key|api_?key)[\w.-]*"
    r"[\"']?\s*(?:[=:]\s*|\s+))(\"[^\"]*\"|'[^']*'|\S+)"
)
_HASH: Final = re.compile(r"(?:grub\.pbkdf2\.\S+|\$(?:[0-9a-z]{1,3})\$[^\s:]{4,})")
SET: Final = "(set)"


_COLLECTED: Final = CollectedPaths(
    sensor="configuration_files",
    whole=tuple(source.paths for source in _SOURCES if source.lines == _ALL),
    partial=tuple(source.paths for source in _SOURCES if source.lines != _ALL),
)


def collect(host: Host) -> Iterator[ConfigurationFile | CollectedPaths | Incomplete | Absent]:
    """Yield a ConfigurationFile for each existing file, and the patterns of all."""
    taken = _Taken()
    for source in _SOURCES:
        for path in expand_or_note(host, source.paths, taken.problems):
            if taken.files >= MAX_FILES or taken.characters > MAX_TOTAL:
                taken.left_out += 1
                continue
            file = _file(host, path, source, taken)
            if file is not None:
                yield file
    if taken.files:
        yield _COLLECTED
    yield from taken.problems
    if taken.left_out:
        yield Incomplete(reason=f"Configuration files that were left out because there are too many: {taken.left_out}.")
    if not taken.files and not taken.problems:
        yield Absent(reason="This host has none of the configuration files.")


class _Taken:
    """The amount read so far, to compare with the limits."""

    def __init__(self) -> None:
        self.files = 0
        self.characters = 0
        self.left_out = 0
        self.problems: list[Incomplete] = []


def _file(host: Host, path: str, source: _Source, taken: _Taken) -> ConfigurationFile | None:
    try:
        if host.status(path).is_directory:
            return None
        text = decode(host.read(path, MAX_FILE))
    except MISSING:
        return None
    except OSError as error:
        taken.problems.append(unread(path, error))
        return None
    taken.files += 1
    if _PRIVATE_KEY.search(text):
        taken.problems.append(Incomplete(reason=f"{encodable(path)} holds a private key and is not sent."))
        return None
    lines = tuple(_lines(text, source, comments=path in _WITHOUT_COMMENTS))
    taken.characters += sum(len(line.text) for line in lines)
    return ConfigurationFile(path=encodable(path), lines=lines)


def _lines(text: str, source: _Source, *, comments: bool) -> Iterator[ConfigurationLine]:
    """Yield the lines that are sent; a line that a backslash continues is one line."""
    keep = re.compile(source.lines)
    joined, first = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        first = first or number
        if line.endswith("\\") and len(joined) < MAX_LINE:
            joined += line[:-1] + " "
            continue
        whole, start = (joined + line).replace("\t", " ").strip(), first
        joined, first = "", 0
        if whole and (comments or not _COMMENT.match(whole)) and keep.search(whole):
            sent = redacted(whole[:MAX_LINE]) if source.may_hold_secrets else whole[:MAX_LINE]
            yield ConfigurationLine(number=start, text=sent)


def redacted(text: str) -> str:
    """Return a line with everything that may be a secret replaced by ``(set)``."""
    text = _URL.sub(rf"\1{SET}@", _HASH.sub(SET, text))
    return _SECRET.sub(lambda found: found[1] + SET, text)


SENSOR: Final = Sensor(
    name="configuration_files",
    title="Lines of configuration files that benchmarks ask for",
    records=(ConfigurationFile, CollectedPaths),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
    needs=Needs(root=True),
    max_bytes=4 * 1024 * 1024,
)
