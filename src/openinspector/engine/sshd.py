"""Access of the SSH rules to the effective configuration of a host's sshd, or to the reason why it is unknown."""

from dataclasses import replace
from typing import Final

from openinspector.engine.completeness import unable, unseen
from openinspector.engine.rule import NotApplicable, Unable
from openinspector.model.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import SshdConfiguration

SENSOR: Final = "sshd_configuration"
ROOT: Final = "root"
ORDINARY_USER: Final = ""

RESTART: Final = (
    "Check the result with `sshd -t`, then restart sshd: `systemctl restart sshd` (the unit is `ssh` on Debian and "
    "Ubuntu). Keep a session open until you have logged in with a new one."
)


def sshd_of(facts: HostFacts) -> SshdConfiguration | NotApplicable | Unable:
    """Return the host's sshd configuration.

    A single unread file makes all of it unknown: the first value wins, and the unread file may hold it.
    """
    gap = unseen(facts, (SENSOR,))
    if gap is not None:
        return gap
    sshd = facts.only(SshdConfiguration)
    if sshd is None or not sshd.installed:
        return NotApplicable(reason="No OpenSSH server is installed.")
    return sshd


def configurations_for(sshd: SshdConfiguration, user: str) -> tuple[SshdConfiguration, ...]:
    """Return each configuration that applies to ``user`` (`ROOT` or `ORDINARY_USER`) from any address.

    There is more than one if Match blocks treat IPv4 and IPv6, or ports of the host, differently.
    """
    differing = tuple(
        replace(sshd, values=sshd.values | each.values, sources=_sources(sshd, each.values) | each.sources)
        for each in sshd.connections
        if each.user == user
    )
    if user == ORDINARY_USER:
        return (sshd, *differing)
    return differing or (sshd,)


def unknown_setting(keyword: str, sshd: SshdConfiguration) -> Unable:
    """Return the outcome for a ``keyword`` that is missing or has a value that sshd does not know."""
    value = sshd.values.get(keyword.lower())
    problem = "is not known" if value is None else f"has the value {value!r}, which sshd does not know"
    source = sshd.sources.get(keyword.lower(), "")
    return unable(
        f"{keyword} {problem}{f' ({source})' if source else ''}.",
        "Run `sshd -t` on the host, correct the lines it reports, and start the assessment run again.",
    )


def setting(sshd: SshdConfiguration, keyword: str) -> Evidence:
    """Return the value of ``keyword``, spelled as in sshd_config(5), and its source."""
    value = sshd.values.get(keyword.lower(), "")
    source = sshd.sources.get(keyword.lower(), "")
    version = f" of OpenSSH {sshd.version}" if sshd.version else ""
    return Evidence(statement=f"{keyword} is {value}" + ("" if source else f", the default{version}"), source=source)


def set_to(sshd: SshdConfiguration, keyword: str, value: str) -> str:
    """Return the sentence that explains where to write ``keyword value``."""
    source = sshd.sources.get(keyword.lower(), "")
    path, _, line = source.rpartition(":")
    if path and line.isdecimal():
        return f"Change line {line} of {path} to `{keyword} {value}`."
    return f"Write `{keyword} {value}` in /etc/ssh/sshd_config, before any Match block."


def _sources(sshd: SshdConfiguration, changed: dict[str, str]) -> dict[str, str]:
    """Return the sources of the values that a Match block does not change."""
    return {keyword: source for keyword, source in sshd.sources.items() if keyword not in changed}
