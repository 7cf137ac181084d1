"""Windows: security settings in the registry, and the local security policy: accounts, user rights, audit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from openinspector.cis.check import SensedCheck
from openinspector.cis.expectation import Expectation
from openinspector.cis.host import JudgedHost
from openinspector.cis.verdict import Satisfied, Unknown, Verdict, Violated
from openinspector.model.evidence import Evidence
from openinspector.model.ground import NOT_SET, setting, subject
from openinspector.model.record import Record
from openinspector.model.tailoring import Tailoring
from openinspector.model.windows import WindowsRegistryValue, WindowsSecurityPolicy, WindowsUser
from openinspector.model.windows_policy import WELL_KNOWN_ACCOUNTS

_SHOWN: Final = 10
_AUDITED: Final = ("nothing", "success", "failure", "success and failure")


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
        value = host.once(_values).get((path.casefold(), self.name.casefold()))
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
class UserSetting(SensedCheck):
    """A value of the registry meets an expectation for every user who is signed in."""

    key: str
    """Below the user's hive."""
    name: str
    expected: Expectation
    default_meets: bool = False
    """True if Windows behaves as asked where the value is absent."""
    reads: tuple[type[Record], ...] = (WindowsUser,)
    sensors: tuple[str, ...] = ("windows_users",)

    @property
    def title(self) -> str:
        """The value and the expectation."""
        return f"{self.name} of each user is {self.expected.wanted(Tailoring())}"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the users who are signed in; without any, nothing can be said."""
        users = host.all(WindowsUser)
        if not users:
            return Unknown(reason="No user is signed in; the settings of others are not read.")
        path = rf"{self.key}\{self.name}"
        found = {user.sid: user.settings.get(path.casefold()) for user in users}
        wrong = {
            sid: value
            for sid, value in found.items()
            if not (self.default_meets if value is None else self.expected.accepts(value, host.tailoring))
        }
        if not wrong:
            statement = f"{self.name} is as asked for {len(users)} signed-in users; others are not read"
            return Satisfied(evidence=Evidence(statement=statement, source=rf"HKEY_USERS\…\{self.key}"))
        texts = [f"{sid}: {NOT_SET if value is None else value}" for sid, value in wrong.items()]
        return Violated(
            evidence=Evidence(
                statement=f"{self.name} of {'; '.join(texts[:_SHOWN])}"
                f"{f' and {len(texts) - _SHOWN} others' if len(texts) > _SHOWN else ''}",
                source=rf"HKEY_USERS\…\{self.key}",
            ),
            remedy=f"Set {path} of users to {self.expected.example(host.tailoring)}, by group policy.",
            grounds=tuple(subject(self.name, text) for text in texts),
        )


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """Base of the checks of the local security policy. A part that Windows did not tell is `Unknown`, the others hold.

    The first policy that has the value decides: what Windows says itself comes before an export.
    """

    name: str
    reads: ClassVar[tuple[type[Record], ...]] = (WindowsSecurityPolicy,)
    sensors: ClassVar[tuple[str, ...]] = ("windows_security_policy",)

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge the value."""
        for policy in host.all(WindowsSecurityPolicy):
            verdict = self._judge_policy(policy, host.tailoring)
            if verdict is not None:
                return verdict
        return host.missing(*self.sensors) or Unknown(
            reason=f"The security policy of the host does not have {self.name}."
        )

    def _judge_policy(self, policy: WindowsSecurityPolicy, tailoring: Tailoring) -> Verdict | None:
        """Judge a policy; None if it does not have the value."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class AccountPolicy(PolicyCheck):
    """A value of the section System Access of the local security policy meets an expectation."""

    expected: Expectation

    @property
    def title(self) -> str:
        """The value and the expectation."""
        return f"{self.name} of the security policy is {self.expected.wanted(Tailoring())}"

    def _judge_policy(self, policy: WindowsSecurityPolicy, tailoring: Tailoring) -> Verdict | None:
        value = policy.system_access.get(self.name)
        if value is None:
            return None
        value = value.strip().strip('"')
        evidence = Evidence(statement=f"{self.name} is {value}", source=policy.source)
        if self.expected.accepts(value, tailoring):
            return Satisfied(evidence=evidence)
        return Violated(
            evidence=evidence,
            remedy=f"Set {self.name} to {self.expected.example(tailoring)} in the account policies.",
            grounds=(setting(self.name, value),),
        )


@dataclass(frozen=True, slots=True)
class UserRight(PolicyCheck):
    """No other accounts than some have a right; or, of a right to be denied, at least these have it."""

    accounts: tuple[str, ...]
    """English names of `WELL_KNOWN_ACCOUNTS`."""
    at_least: bool = False

    @property
    def title(self) -> str:
        """The right and the accounts."""
        named = ", ".join(self.accounts) or "no account"
        return f"{self.name} is given to {named if self.at_least else f'{named} only' if self.accounts else named}"

    def _judge_policy(self, policy: WindowsSecurityPolicy, tailoring: Tailoring) -> Verdict | None:
        del tailoring
        found = policy.privilege_rights.get(self.name)
        if found is None:
            return None
        held = sorted({_account(account) for account in found}, key=str.casefold)
        wanted, has = ({name.casefold() for name in names} for names in (self.accounts, held))
        evidence = Evidence(
            statement=f"{self.name} is given to {', '.join(held) or 'no account'}", source=policy.source
        )
        if wanted <= has if self.at_least else has <= wanted:
            return Satisfied(evidence=evidence)
        return Violated(
            evidence=evidence,
            remedy=f"Give the user right {self.name} to {', '.join(self.accounts) or 'no account'}"
            f"{' at least' if self.at_least else ''}, by group policy where the host has one.",
            grounds=(setting(self.name, ", ".join(held) or NOT_SET),),
        )


@dataclass(frozen=True, slots=True)
class AuditPolicy(PolicyCheck):
    """An audit subcategory records success, failure or both; more than is asked is as good."""

    wanted: int
    """1 (success), 2 (failure) or 3 (both)."""

    @property
    def title(self) -> str:
        """The subcategory and what it records."""
        return f"The audit subcategory {self.name} records {_AUDITED[self.wanted]}"

    def _judge_policy(self, policy: WindowsSecurityPolicy, tailoring: Tailoring) -> Verdict | None:
        del tailoring
        found = policy.audit_subcategories.get(self.name)
        if found is None:
            return None
        evidence = Evidence(statement=f"{self.name} records {_AUDITED[found & 3]}", source=policy.source)
        if found & self.wanted == self.wanted:
            return Satisfied(evidence=evidence)
        return Violated(
            evidence=evidence,
            remedy=f"Let {self.name} record {_AUDITED[self.wanted]}, in the advanced audit policy.",
            grounds=(setting(self.name, str(found)),),
        )


def _account(account: str) -> str:
    """Return the English name of a well-known SID; other SIDs and names as they are."""
    sid = account.removeprefix("*")
    return WELL_KNOWN_ACCOUNTS.get(sid, sid)


def _values(host: JudgedHost) -> Mapping[tuple[str, str], str]:
    """Return the data of registry values by key and name, both in lower case."""
    return {(one.key.casefold(), one.name.casefold()): _text(one) for one in host.all(WindowsRegistryValue)}


def _text(value: WindowsRegistryValue) -> str:
    return ", ".join(value.data) if isinstance(value.data, tuple) else str(value.data)
