"""What the SSH rules ask of a host's sshd: its effective configuration, or why there is none to judge."""

from openinspector.engine.completeness import unable, unseen
from openinspector.engine.evidence import Evidence
from openinspector.engine.rule import NotApplicable, Unable
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import SshdConfiguration

SENSOR = "sshd_configuration"


def sshd_of(facts: HostFacts) -> SshdConfiguration | NotApplicable | Unable:
    """Return the host's sshd configuration.

    One unread file makes it all unknown: the first value wins, and the unread one may be the first.
    """
    gap = unseen(facts, (SENSOR,))
    if gap is not None:
        return gap
    sshd = facts.only(SshdConfiguration)
    if sshd is None or not sshd.installed:
        return NotApplicable(reason="No OpenSSH server is installed.")
    return sshd


def unknown_setting(keyword: str, sshd: SshdConfiguration) -> Unable:
    """Return the outcome where the value of ``keyword`` is missing or none that sshd knows."""
    value = sshd.values.get(keyword.lower())
    what = "is not known" if value is None else f"has the value {value!r}, which sshd does not know"
    return unable(
        f"{keyword} {what}{_place(sshd, keyword)}.",
        "Run `sshd -t` on the host, correct what it reports, and start the assessment run again.",
    )


def setting(sshd: SshdConfiguration, keyword: str) -> Evidence:
    """Return what ``keyword``, written as in sshd_config(5), is set to and where."""
    value = sshd.values.get(keyword.lower(), "")
    source = sshd.sources.get(keyword.lower(), "")
    version = f" of OpenSSH {sshd.version}" if sshd.version else ""
    return Evidence(statement=f"{keyword} is {value}" + ("" if source else f", the default{version}"), source=source)


def set_to(sshd: SshdConfiguration, keyword: str, value: str) -> str:
    """Return the sentence that says where to write ``keyword value``."""
    source = sshd.sources.get(keyword.lower(), "")
    path, _, line = source.rpartition(":")
    if path and line.isdecimal():
        return f"Change line {line} of {path} to `{keyword} {value}`."
    return f"Write `{keyword} {value}` in /etc/ssh/sshd_config, before any Match block."


RESTART = (
    "Check the result with `sshd -t`, then restart sshd: `systemctl restart sshd` (the unit is `ssh` on Debian and "
    "Ubuntu). Keep a session open until you have logged in anew."
)


def _place(sshd: SshdConfiguration, keyword: str) -> str:
    source = sshd.sources.get(keyword.lower(), "")
    return f" ({source})" if source else ""
