"""Windows: security settings in the registry, and the local account policy as ``secedit`` exports it."""

from dataclasses import dataclass

from openinspector.cis.check import SensedCheck
from openinspector.cis.expectation import Expectation
from openinspector.cis.host import JudgedHost
from openinspector.cis.verdict import Satisfied, Unknown, Verdict, Violated
from openinspector.model.evidence import Evidence
from openinspector.model.ground import NOT_SET, setting
from openinspector.model.record import Record
from openinspector.model.tailoring import Tailoring
from openinspector.model.windows import WindowsRegistryValue, WindowsSecurityPolicy


@dataclass(frozen=True, slots=True)
class Differs:
    """Any value but some; letters compare without regard to case."""

    values: tuple[str, ...]

    def accepts(self, value: str, tailoring: Tailoring) -> bool:
        """Return True if ``value`` is none of the values and not empty."""
        del tailoring
        return value.strip().lower() not in {"", *(each.lower() for each in self.values)}

    def wanted(self, tailoring: Tailoring) -> str:
        """Return the values that are refused."""
        del tailoring
        return f"not {' or '.join(self.values)}"

    def example(self, tailoring: Tailoring) -> str:
        """Return a description: the value is the site's to choose."""
        del tailoring
        return "a name of your own"


@dataclass(frozen=True, slots=True)
class RegistrySetting(SensedCheck):
    """A value of the registry meets an expectation."""

    key: str
    """Below HKEY_LOCAL_MACHINE."""
    name: str
    expected: Expectation
    default_meets: bool = False
    """True if Windows behaves as asked where the value is absent."""
    reads: tuple[type[Record], ...] = (WindowsRegistryValue,)
    sensors: tuple[str, ...] = ("windows_registry",)

    @property
    def title(self) -> str:
        """The value and the expectation."""
        return f"{self.name} of {self.key.rpartition(chr(92))[2]} is {self.expected.wanted(Tailoring())}"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the value; an absent one meets the requirement only where the default of Windows does."""
        path = rf"HKEY_LOCAL_MACHINE\{self.key}"
        value = next((_text(one) for one in host.all(WindowsRegistryValue) if _is(one, path, self.name)), None)
        evidence = Evidence(statement=f"{self.name} is {'not set' if value is None else value or 'empty'}", source=path)
        if self.default_meets if value is None else self.expected.accepts(value, host.tailoring):
            return Satisfied(evidence=evidence)
        return Violated(
            evidence=evidence,
            remedy=rf"Set {path}\{self.name} to {self.expected.example(host.tailoring)}, by group policy where the "
            "host has one.",
            grounds=(setting(rf"{self.key}\{self.name}", NOT_SET if value is None else value),),
        )


@dataclass(frozen=True, slots=True)
class AccountPolicy(SensedCheck):
    """A value of the section System Access of the local security policy meets an expectation."""

    name: str
    expected: Expectation
    reads: tuple[type[Record], ...] = (WindowsSecurityPolicy,)
    sensors: tuple[str, ...] = ("windows_security_policy",)

    @property
    def title(self) -> str:
        """The value and the expectation."""
        return f"{self.name} of the security policy is {self.expected.wanted(Tailoring())}"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the value; a policy that lacks it does not tell."""
        policy = host.only(WindowsSecurityPolicy)
        value = policy.system_access.get(self.name) if policy is not None else None
        if policy is None or value is None:
            return Unknown(reason=f"The exported security policy does not have {self.name}.")
        value = value.strip().strip('"')
        evidence = Evidence(statement=f"{self.name} is {value}", source=policy.source)
        if self.expected.accepts(value, host.tailoring):
            return Satisfied(evidence=evidence)
        return Violated(
            evidence=evidence,
            remedy=f"Set {self.name} to {self.expected.example(host.tailoring)} in the account policies.",
            grounds=(setting(self.name, value),),
        )


def _is(value: WindowsRegistryValue, path: str, name: str) -> bool:
    return value.name.casefold() == name.casefold() and value.key.casefold() == path.casefold()


def _text(value: WindowsRegistryValue) -> str:
    return ", ".join(value.data) if isinstance(value.data, tuple) else str(value.data)
