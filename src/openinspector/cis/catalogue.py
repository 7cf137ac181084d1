"""Names of checks, as control tables write them.

A name is ``family:parameters`` (``sysctl:net.ipv4.ip_forward=0``), or one of `NAMED`; ``service?name`` limits either to
hosts that chose that service of `ALTERNATIVES`. Package, unit and file names of
all distributions stand side by side in one check: a host has one of them.
"""

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from openinspector.cis.alternative import ALTERNATIVES, FIREWALL, LOG_SERVICE, TIME_SERVICE
from openinspector.cis.check import Check, Manual
from openinspector.cis.checks import accounts
from openinspector.cis.checks.audit import (
    AuditPrograms,
    AuditWatch,
)
from openinspector.cis.checks.files import Attributes, Exists
from openinspector.cis.checks.kernel import BootArgument, KernelParameter, ModuleOff
from openinspector.cis.checks.mounts import MountOption, OwnPartition
from openinspector.cis.checks.passwords import (
    PamOption,
    QualitySetting,
)
from openinspector.cis.checks.settings import (
    SHELL_TIMEOUT,
    Banner,
    FileSetting,
)
from openinspector.cis.checks.software import (
    Installed,
    NotInstalled,
    OnlyWith,
    UnitEnabled,
    UnitsOff,
)
from openinspector.cis.checks.sshd import SshdSetting
from openinspector.cis.checks.windows_policy import (
    AccountPolicy,
    AuditPolicy,
    Differs,
    RegistrySetting,
    UserRight,
    UserSetting,
)
from openinspector.cis.configuration import drop_ins
from openinspector.cis.expectation import AtLeast, AtMost, Equals, Expectation, Present, Within
from openinspector.cis.named_checks import NAMED
from openinspector.model.errors import ModelError

_JOURNALD: Final = drop_ins("/etc/systemd/journald.conf")
_AUDITD: Final = ("/etc/audit/auditd.conf",)
_FAILLOCK: Final = "/etc/security/faillock.conf"
_PWHISTORY: Final = "/etc/security/pwhistory.conf"


def _values(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


def _expectation(text: str) -> Expectation:
    """Parse ``no|yes`` (one of), ``<=4``, ``1..4``, ``>=14``, ``*`` (any value), ``[a|b]`` (a list of no others)."""
    if text == "*":
        return Present()
    if text.startswith("["):
        return Within(_values(text[1:-1]) if text != "[]" else ())
    if text.startswith("<="):
        return AtMost(int(text[2:]))
    if text.startswith(">="):
        return AtLeast(int(text[2:]))
    low, dots, high = text.partition("..")
    return AtMost(int(high), low=int(low)) if dots else Equals(_values(text))


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _parameter(text: str) -> Check:
    name, value = _pair(text)
    return KernelParameter(name, _values(value))


def _option(text: str) -> Check:
    path, option = _pair(text)
    return MountOption(path, option)


def _sshd(text: str) -> Check:
    keyword, value = _pair(text)
    return SshdSetting(keyword, _expectation(value))


def _journald(text: str) -> Check:
    key, value = _pair(text)
    return FileSetting(service="journald", paths=_JOURNALD, key=key, expected=_expectation(value))


def _auditd(text: str) -> Check:
    key, value = _pair(text)
    return FileSetting(service="auditd", paths=_AUDITD, key=key, expected=_expectation(value))


def _faillock(text: str) -> Check:
    key, value = _pair(text)
    return PamOption("pam_faillock.so", "auth", key, _expectation(value), file=_FAILLOCK)


def _pwhistory(text: str) -> Check:
    key, value = _pair(text)
    return PamOption("pam_pwhistory.so", "password", key, _expectation(value), file=_PWHISTORY)


def _pwquality(text: str) -> Check:
    key, value = _pair(text)
    return QualitySetting(key, _expectation(value))


def _attributes(text: str) -> Check:
    """Parse ``/etc/passwd|/etc/passwd-=0644 root root`` (paths = mode owners groups); ``-`` means not judged."""
    paths, wanted = _pair(text)
    mode, owners, groups = wanted.split()
    return Attributes(
        paths=_values(paths),
        mode=None if mode == "-" else int(mode, 8),
        owners=() if owners == "-" else _values(owners),
        groups=() if groups == "-" else _values(groups),
    )


def _registry(kind: type[RegistrySetting] | type[UserSetting]) -> Callable[[str], Check]:
    """Return the parser of ``KEY!VALUE=EXPECTATION``; a ``?`` before the expectation: an absent value meets it."""

    def parse(text: str) -> Check:
        path, wanted = _pair(text)
        key, _, name = path.partition("!")
        return kind(key, name, _expectation(wanted.removeprefix("?")), default_meets=wanted.startswith("?"))

    return parse


def _policy(text: str) -> Check:
    """Parse ``NAME=EXPECTATION``, or ``NAME=!VALUE`` for any other value."""
    name, value = _pair(text)
    return AccountPolicy(name, Differs(_values(value[1:])) if value.startswith("!") else _expectation(value))


def _right(text: str) -> Check:
    """Parse ``NAME=ACCOUNT|ACCOUNT`` (no others), ``NAME=`` (none), or ``NAME=+ACCOUNT`` (at least)."""
    name, value = _pair(text)
    accounts = value.removeprefix("+")
    return UserRight(name, _values(accounts) if accounts else (), at_least=value.startswith("+"))


def _audited(text: str) -> Check:
    """Parse ``SUBCATEGORY=S``, ``=F`` or ``=SF`` for success, failure or both."""
    name, value = _pair(text)
    return AuditPolicy(name, sum({"S": 1, "F": 2}[letter] for letter in value))


FAMILIES: Final[Mapping[str, Callable[[str], Check]]] = MappingProxyType(
    {
        "absent": lambda text: NotInstalled(_values(text)),
        "attributes": _attributes,
        "audited": _audited,
        "audit_programs": lambda text: AuditPrograms(_values(text)),
        "audit_watch": lambda text: AuditWatch(_values(text)),
        "auditd": _auditd,
        "banner": lambda text: Banner(text, required=not text.endswith("motd")),
        "boot": BootArgument,
        "enabled": lambda text: UnitEnabled(_values(text)),
        "exists": Exists,
        "faillock": _faillock,
        "installed": lambda text: Installed(_values(text)),
        "journald": _journald,
        "manual": lambda text: Manual(title=text),
        "missing": lambda text: Exists(text, present=False),
        "module_off": ModuleOff,
        "off": lambda text: UnitsOff(_values(text)),
        "option": _option,
        "partition": OwnPartition,
        "policy": _policy,
        "pwhistory": _pwhistory,
        "pwquality": _pwquality,
        "registry": _registry(RegistrySetting),
        "right": _right,
        "sshd": _sshd,
        "sysctl": _parameter,
        "user": _registry(UserSetting),
    }
)
"""Check families by the first part of a name."""


VARIABLES: Final = (
    accounts.MAX_PASSWORD_AGE,
    accounts.MIN_PASSWORD_AGE,
    accounts.PASSWORD_WARNING,
    accounts.INACTIVITY,
    SHELL_TIMEOUT,
    FIREWALL,
    TIME_SERVICE,
    LOG_SERVICE,
)
"""Variables that a site may tailor."""


class UnknownCheckError(ModelError):
    """A control table names a check that does not exist."""


@cache
def checks(name: str) -> tuple[Check, ...]:
    """Return the checks of a name. Raises UnknownCheckError."""
    alternative, question, rest = name.partition("?")
    if question and alternative in ALTERNATIVES:
        return tuple(OnlyWith(ALTERNATIVES[alternative], check) for check in checks(rest))
    named = NAMED.get(name)
    if named is not None:
        return named if isinstance(named, tuple) else (named,)
    family, colon, parameters = name.partition(":")
    if not colon or family not in FAMILIES:
        raise UnknownCheckError(f"no check is named {name!r}")
    return (FAMILIES[family](parameters),)
