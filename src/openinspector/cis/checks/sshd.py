"""The OpenSSH server, judged by the configuration that is in force: drop-ins, first value wins, defaults by version."""

from dataclasses import dataclass

from openinspector.cis.expectation import ExcludesAll, Expectation, number
from openinspector.cis.host import JudgedHost
from openinspector.cis.verdict import Inapplicable, Satisfied, Unknown, Verdict, Violated
from openinspector.engine.rule import NotApplicable, Unable
from openinspector.engine.sshd import SENSOR, set_to, setting, sshd_of
from openinspector.model.evidence import Evidence
from openinspector.model.ground import NOT_SET
from openinspector.model.ground import setting as ground
from openinspector.model.inventory import SshdConfiguration
from openinspector.model.record import Record
from openinspector.model.tailoring import Tailoring


@dataclass(frozen=True, slots=True)
class SshdSetting:
    """A keyword of sshd has a value that meets an expectation."""

    keyword: str
    """As in sshd_config(5)."""
    expected: Expectation
    reads: tuple[type[Record], ...] = (SshdConfiguration,)
    sensors: tuple[str, ...] = (SENSOR,)

    @property
    def title(self) -> str:
        """The keyword and the expectation."""
        return f"sshd's {self.keyword} is {self.expected.wanted(Tailoring())}"

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge the value in force."""
        sshd = _sshd(host)
        if not isinstance(sshd, SshdConfiguration):
            return sshd
        value = sshd.values.get(self.keyword.lower())
        if value is None:
            return Unknown(reason=f"The value of {self.keyword} is not known for OpenSSH {sshd.version or '?'}.")
        if isinstance(self.expected, ExcludesAll) and value.startswith(("+", "-", "^")):
            return Unknown(reason=f"{self.keyword} {value} changes a default that is not known for this sshd.")
        if self.expected.accepts(value, host.tailoring):
            return Satisfied(evidence=setting(sshd, self.keyword))
        return Violated(
            evidence=setting(sshd, self.keyword),
            remedy=f"{set_to(sshd, self.keyword, self.expected.example(host.tailoring))} Then restart sshd.",
            grounds=(ground(self.keyword, value),),
        )


@dataclass(frozen=True, slots=True)
class SshdStartups:
    """``MaxStartups`` is at most 10:30:60, each of its parts."""

    limits: tuple[int, int, int] = (10, 30, 60)
    reads: tuple[type[Record], ...] = (SshdConfiguration,)
    sensors: tuple[str, ...] = (SENSOR,)

    @property
    def title(self) -> str:
        """The limits."""
        return f"sshd's MaxStartups is {':'.join(map(str, self.limits))} or stricter"

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge the three parts."""
        sshd = _sshd(host)
        if not isinstance(sshd, SshdConfiguration):
            return sshd
        value = sshd.values.get("maxstartups", "")
        parts = [found for part in value.split(":") if (found := number(part)) is not None]
        if not parts:
            return Unknown(reason=f"MaxStartups has the value {value!r}.")
        full = parts if len(parts) == len(self.limits) else [parts[0], 100, parts[0]]
        evidence = setting(sshd, "MaxStartups")
        start, rate, limit = full
        if start <= self.limits[0] and rate <= max(self.limits[1], 100 * (len(parts) == 1)) and limit <= self.limits[2]:
            return Satisfied(evidence=evidence)
        wanted = ":".join(map(str, self.limits))
        return Violated(
            evidence=evidence,
            remedy=f"{set_to(sshd, 'MaxStartups', wanted)} Then restart sshd.",
            grounds=(ground("MaxStartups", value),),
        )


@dataclass(frozen=True, slots=True)
class SshdAccess:
    """Who may log in over SSH is limited by one of AllowUsers, AllowGroups, DenyUsers, DenyGroups."""

    title: str = "Access over SSH is limited to named users or groups"
    reads: tuple[type[Record], ...] = (SshdConfiguration,)
    sensors: tuple[str, ...] = (SENSOR,)

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge that one list is set."""
        sshd = _sshd(host)
        if not isinstance(sshd, SshdConfiguration):
            return sshd
        for keyword in ("AllowUsers", "AllowGroups", "DenyUsers", "DenyGroups"):
            if sshd.values.get(keyword.lower(), "").strip():
                return Satisfied(evidence=setting(sshd, keyword))
        return Violated(
            evidence=Evidence(statement="AllowUsers, AllowGroups, DenyUsers and DenyGroups are not set"),
            remedy="Set AllowGroups in /etc/ssh/sshd_config to the groups that may log in. Then restart sshd.",
            grounds=(ground("AllowGroups", NOT_SET),),
        )


def _sshd(host: JudgedHost) -> SshdConfiguration | Inapplicable | Unknown:
    match sshd_of(host.facts):
        case NotApplicable(reason=reason):
            return Inapplicable(reason=reason)
        case Unable(reason=reason):
            return Unknown(reason=reason)
        case SshdConfiguration() as sshd:
            return sshd
