"""Files whose text is rebuilt from facts, because the agent parses them itself and sends what they mean.

A rebuilt file has the settings that are in force: of sshd, those that its configuration files set, each in the file and
line that sets it; of PAM, the modules of each stack with includes resolved; of accounts and groups, every entry, with
``x`` for the password.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Group, OperatingSystem, PamConfiguration, SshdConfiguration, User

_SSHD: Final = ("/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*")


def rebuilt_files(facts: HostFacts) -> Mapping[str, str]:
    """Return the text of each file by its path."""
    return dict(_files(facts))


def rebuilt_patterns(facts: HostFacts) -> tuple[str, ...]:
    """Return patterns (glob) of the paths that are rebuilt: one without a text is empty or absent."""
    sshd = facts.only(SshdConfiguration)
    is_known = sshd is not None and sshd.installed and facts.complete("sshd_configuration")
    return (*rebuilt_files(facts), *(_SSHD if is_known else ()))


def _files(facts: HostFacts) -> Iterator[tuple[str, str]]:
    system, sshd, pam = facts.only(OperatingSystem), facts.only(SshdConfiguration), facts.only(PamConfiguration)
    if system is not None and system.kernel_release:
        yield "/proc/sys/kernel/osrelease", f"{system.kernel_release}\n"
    if facts.complete("accounts"):
        users = (f"{u.name}:x:{u.uid}:{u.gid}::{u.home}:{u.shell}\n" for u in facts.all(User))
        yield "/etc/passwd", "".join(users)
        groups = (f"{g.name}:x:{g.gid}:{','.join(g.members)}\n" for g in facts.all(Group))
        yield "/etc/group", "".join(groups)
    if sshd is not None and facts.complete("sshd_configuration"):
        yield from _placed((source, f"{key} {sshd.values[key]}") for key, source in sshd.sources.items())
    if pam is not None and facts.complete("pam"):
        yield from _placed(
            (m.source, " ".join((m.facility, m.control, m.module, *m.arguments))) for m in pam.modules if m.source
        )


def _placed(lines: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield files with each line at its place (``path:line``)."""
    files: dict[str, dict[int, str]] = defaultdict(dict)
    for place, text in lines:
        path, _, number = place.rpartition(":")
        files[path][int(number)] = text
    for path, found in files.items():
        yield path, "".join(f"{found.get(number, '')}\n" for number in range(1, max(found) + 1))
