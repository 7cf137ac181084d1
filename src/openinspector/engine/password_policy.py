"""Requirements for a new password by service, from the PAM stacks (F5.63 rules 5 and 6).

Only ``password`` stacks that set passwords on this host count (pam_unix.so and its relatives). A stack refuses
everything that one of its modules refuses:

- pam_pwquality.so: its arguments override pwquality.conf (pam_pwquality(8)); with ``enforcing=0`` it only warns.
  It skips arguments that the library does not take.
- pam_cracklib.so: its arguments; every credit is 1 unless set (pam_cracklib(8)). A number is read as strtol(3) does.
- pam_passwdqc.so: the smallest length that ``min=`` admits (pam_passwdqc(8)); with ``enforce=none`` it only warns.
- pam_unix.so: ``minlen``, ``remember``; pam_pwhistory.so: ``remember``.

A positive credit lets a password be that much shorter; a negative one requires that many characters of a kind. A
module whose control is ``optional`` or ``sufficient``, or that ignores failure, refuses nothing.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from openinspector.engine.completeness import unseen
from openinspector.model.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import PamConfiguration, PamModule, PasswordQuality
from openinspector.model.pwquality import FLAGS, effective_value

CREDITS: Final = ("dcredit", "lcredit", "ocredit", "ucredit")
_SETTERS: Final = ("pam_unix.so", "pam_unix2.so", "pam_tcb.so")
_PWQUALITY_LENGTH: Final = 8
_CRACKLIB_LENGTH: Final = 9
_CRACKLIB_MIN_LENGTH: Final = 5
_CRACKLIB_MAX_CLASSES: Final = 4
_STRTOL: Final = re.compile(r"\s*([+-]?[0-9]{1,9})", re.ASCII)
_PASSWDQC_MINIMA: Final = "disabled,24,11,8,7"
_TWO_KINDS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """Requirements of one module for a new password."""

    length: int = 0
    """Length of the shortest password it takes."""
    demands: tuple[str, ...] = ()
    """Requirements other than length: ``ucredit=-1``."""
    remembered: int = 0
    """Number of earlier passwords it refuses."""
    unknown_quality: str = ""
    """Reason why the real length and demands may be stricter; empty if they are known."""
    unknown_history: str = ""
    """Reason why the real ``remembered`` may be higher; empty if it is known."""
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordStack:
    """Requirements of a service for a new password; an account's next password may be set through any service."""

    services: tuple[str, ...]
    """Services with the same stack."""
    requirements: tuple[Requirement, ...]

    @property
    def length(self) -> int:
        """Length of the shortest password the service takes."""
        return max((requirement.length for requirement in self.requirements), default=0)

    @property
    def demands(self) -> tuple[str, ...]:
        """All requirements other than length."""
        return tuple(demand for requirement in self.requirements for demand in requirement.demands)

    @property
    def remembered(self) -> int:
        """Number of earlier passwords that are refused."""
        return max((requirement.remembered for requirement in self.requirements), default=0)

    def unknown_quality(self) -> str:
        """Return why length and demands are not fully known; empty if they are."""
        return " ".join(requirement.unknown_quality for requirement in self.requirements if requirement.unknown_quality)

    def unknown_history(self) -> str:
        """Return why the number of earlier passwords is unknown; empty if it is known."""
        return " ".join(requirement.unknown_history for requirement in self.requirements if requirement.unknown_history)

    def evidence(self, statement: str) -> Evidence:
        """Return ``statement`` about the service, with the requirements of its modules as reasons."""
        return Evidence(
            statement=f"{', '.join(self.services)}: {statement}",
            because=tuple(requirement.evidence for requirement in self.requirements),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicy:
    """How passwords are set on a host."""

    stacks: tuple[PasswordStack, ...]
    foreign: tuple[str, ...] = ()
    """Modules of the password stacks if no stack sets passwords of this host."""

    @property
    def through_pam(self) -> bool:
        """True if PAM is involved at all."""
        return bool(self.stacks or self.foreign)


def password_policy(facts: HostFacts) -> PasswordPolicy:
    """Return the requirements of a host's PAM stacks; reads PamConfiguration and PasswordQuality."""
    pam = facts.only(PamConfiguration)
    by_service: dict[str, list[PamModule]] = {}
    for module in pam.modules if pam else ():
        if module.facility == "password":
            by_service.setdefault(module.service, []).append(module)
    quality = _Quality(facts)
    services: dict[tuple[Requirement, ...], list[str]] = {}
    for service, modules in by_service.items():
        if any(module.module in _SETTERS for module in modules):
            services.setdefault(_requirements(modules, quality), []).append(service)
    stacks = tuple(PasswordStack(services=tuple(names), requirements=found) for found, names in services.items())
    foreign = {module.module for modules in by_service.values() for module in modules} if not stacks else set()
    return PasswordPolicy(stacks=stacks, foreign=tuple(sorted(foreign)))


def number(text: str) -> int | None:
    """Return the value of a decimal number of a configuration file, or None if ``text`` is something else."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    return sign * int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= len("2147483647") else None


class _Quality:
    """Settings of pwquality.conf, and the reason why they may be incomplete."""

    def __init__(self, facts: HostFacts) -> None:
        found = facts.only(PasswordQuality)
        self.values: Mapping[str, str] = found.values if found else {}
        gap = unseen(facts, ("password_quality",))
        self.unknown = gap.reason if gap else ""
        self.stopped_at = found.stopped_at if found else ""


def _requirements(modules: Iterable[PamModule], quality: _Quality) -> tuple[Requirement, ...]:
    found: dict[Requirement, None] = {}
    for module in modules:
        requirement = _REQUIREMENTS.get(module.module)
        if requirement is not None and (module.module in _SETTERS or _refuses(module.control)):
            found[requirement(module, quality)] = None
    return tuple(found)


def _refuses(control: str) -> bool:
    """Return True if a failure of the module makes the stack fail (pam.conf(5))."""
    word = control.strip().lower()
    if word.startswith("["):
        return "default=ignore" not in word or "=die" in word or "=bad" in word
    return word not in ("optional", "sufficient")


def _pwquality(module: PamModule, quality: _Quality) -> Requirement:
    options = dict(quality.values)
    for argument in module.arguments:
        name, equals, text = argument.partition("=")
        value = effective_value(name.lower(), text)
        if value is not None and (equals or name.lower() in FLAGS):
            options[name.lower()] = value
    if number(options.get("enforcing", "1")) == 0:
        return Requirement(evidence=_evidence(module, "only warns (enforcing=0)"))
    requirement = _with_credits(module, options, (_PWQUALITY_LENGTH, 0), quality.unknown)
    if not quality.stopped_at:
        return requirement
    stopped = Evidence(statement=f"libpwquality reads no further than {quality.stopped_at}")
    return replace(requirement, evidence=replace(requirement.evidence, because=(stopped,)))


def _cracklib(module: PamModule, _quality: _Quality) -> Requirement:
    options = _options(module)
    names: tuple[str, ...] = ("minlen", "minclass", *CREDITS)
    numbers = {name: _strtol(options[name]) for name in names if name in options}
    if "minlen" in numbers:
        numbers["minlen"] = max(numbers["minlen"], _CRACKLIB_MIN_LENGTH)
    if "minclass" in numbers:
        numbers["minclass"] = min(numbers["minclass"], _CRACKLIB_MAX_CLASSES)
    values = {name: str(value) for name, value in numbers.items()}
    return _with_credits(module, values, (_CRACKLIB_LENGTH, 1), "")


def _with_credits(
    module: PamModule, options: Mapping[str, str], defaults: tuple[int, int], unknown: str
) -> Requirement:
    least = _value(options, "minlen", defaults[0])
    worth = {name: _value(options, name, defaults[1]) for name in CREDITS}
    allowance = sum(credit for credit in worth.values() if credit > 0)
    demands = [f"{name}={credit}" for name, credit in worth.items() if credit < 0]
    kinds = _value(options, "minclass", 0)
    if kinds >= _TWO_KINDS:
        demands.append(f"minclass={kinds}")
    shorter = f", minus {allowance} for positive credits" if allowance else ""
    length = max(0, least - allowance)
    others = f"; {' '.join(demands)}" if demands else "; nothing but length"
    set_by = "minlen" if "minlen" in options else "the default minlen"
    return Requirement(
        length=length,
        demands=tuple(demands),
        unknown_quality=unknown,
        evidence=_evidence(module, f"takes {length} characters ({set_by} {least}{shorter}){others}"),
    )


def _passwdqc(module: PamModule, _quality: _Quality) -> Requirement:
    options = _options(module)
    if options.get("enforce") == "none":
        return Requirement(evidence=_evidence(module, "only warns (enforce=none)"))
    lengths = [number(part) for part in options.get("min", _PASSWDQC_MINIMA).split(",")]
    length = min((length for length in lengths if length is not None), default=0)
    config = options.get("config", "")
    return Requirement(
        length=length,
        demands=("longer passwords if they have fewer kinds of characters",),
        unknown_quality=f"{module.module} also reads {config}, which is not collected." if config else "",
        evidence=_evidence(module, f"takes {length} characters, more if there are fewer kinds of them"),
    )


def _unix(module: PamModule, _quality: _Quality) -> Requirement:
    options = _options(module)
    length, remembered = _value(options, "minlen", 0), _value(options, "remember", 0)
    minlen = f"minlen {length}" if length else "no minlen"
    remember = f"remember {remembered}" if remembered else "no remember"
    return Requirement(length=length, remembered=remembered, evidence=_evidence(module, f"has {minlen} and {remember}"))


def _history(module: PamModule, _quality: _Quality) -> Requirement:
    options = _options(module)
    remembered = number(options.get("remember", ""))
    if remembered is None:
        why = f"{module.module} ({module.source}) takes `remember` from pwhistory.conf, which is not collected."
        return Requirement(unknown_history=why, evidence=_evidence(module, "has no argument remember"))
    return Requirement(remembered=remembered, evidence=_evidence(module, f"has remember {remembered}"))


_REQUIREMENTS: Final[Mapping[str, Callable[[PamModule, _Quality], Requirement]]] = {
    "pam_pwquality.so": _pwquality,
    "pam_cracklib.so": _cracklib,
    "pam_passwdqc.so": _passwdqc,
    "pam_pwhistory.so": _history,
    **dict.fromkeys(_SETTERS, _unix),
}


def _options(module: PamModule) -> dict[str, str]:
    return {name: value for name, _, value in (argument.partition("=") for argument in module.arguments)}


def _value(options: Mapping[str, str], name: str, default: int) -> int:
    value = number(options.get(name, ""))
    return default if value is None else value


def _strtol(text: str) -> int:
    """Return the number that ``text`` starts with, 0 if it starts with none (strtol(3))."""
    found = _STRTOL.match(text)
    return int(found[1]) if found else 0


def _evidence(module: PamModule, predicate: str) -> Evidence:
    return Evidence(statement=f"{module.module} {predicate}", source=module.source)
