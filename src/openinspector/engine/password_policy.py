"""What a new password must be like, service by service, from the PAM stacks (F5.63 rules 5 and 6).

A service's ``password`` stack is looked at where it sets passwords on this host (pam_unix.so and its kin). What it
refuses is the sum of its modules:

- pam_pwquality.so: its arguments override pwquality.conf (pam_pwquality(8)); with ``enforcing=0`` it only warns.
- pam_cracklib.so: its arguments; every credit is 1 unless set (pam_cracklib(8)).
- pam_passwdqc.so: the smallest length ``min=`` admits (pam_passwdqc(8)); with ``enforce=none`` it only warns.
- pam_unix.so: ``minlen``, ``remember``; pam_pwhistory.so: ``remember``.

A credit above zero lets a password be that much shorter; below zero it demands so many characters of a kind. A module
whose control is ``optional`` or ``sufficient``, or ignores failure, refuses nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from openinspector.engine.completeness import unseen
from openinspector.engine.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import PamConfiguration, PamModule, PasswordQuality

CREDITS: Final = ("dcredit", "lcredit", "ocredit", "ucredit")
_SETTERS: Final = ("pam_unix.so", "pam_unix2.so", "pam_tcb.so")
_PWQUALITY_LENGTH: Final = 8
_CRACKLIB_LENGTH: Final = 9
_PASSWDQC_MINIMA: Final = "disabled,24,11,8,7"
_TWO_KINDS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What one module asks of a new password."""

    length: int = 0
    """Length of the shortest password it takes."""
    demands: tuple[str, ...] = ()
    """What it asks beside length: ``ucredit=-1``."""
    remembered: int = 0
    """How many earlier passwords it refuses."""
    unknown_quality: str = ""
    """Why length and demands may be more than is known here."""
    unknown_history: str = ""
    """Why ``remembered`` may be more than is known here."""
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordStack:
    """What a service asks of a new password; an account's next password may come through any of them."""

    services: tuple[str, ...]
    """Services with the same stack."""
    requirements: tuple[Requirement, ...]

    @property
    def length(self) -> int:
        """Length of the shortest password the service takes."""
        return max((requirement.length for requirement in self.requirements), default=0)

    @property
    def demands(self) -> tuple[str, ...]:
        """Everything asked beside length."""
        return tuple(demand for requirement in self.requirements for demand in requirement.demands)

    @property
    def remembered(self) -> int:
        """How many earlier passwords are refused."""
        return max((requirement.remembered for requirement in self.requirements), default=0)

    def unknown_quality(self) -> str:
        """Return why length and demands are not wholly known; empty where they are."""
        return " ".join(requirement.unknown_quality for requirement in self.requirements if requirement.unknown_quality)

    def unknown_history(self) -> str:
        """Return why the number of earlier passwords is not known; empty where it is."""
        return " ".join(requirement.unknown_history for requirement in self.requirements if requirement.unknown_history)

    def evidence(self, statement: str) -> Evidence:
        """Return ``statement`` about the service, resting on what its modules ask."""
        return Evidence(
            statement=f"{', '.join(self.services)}: {statement}",
            because=tuple(requirement.evidence for requirement in self.requirements),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicy:
    """How passwords are set on a host."""

    stacks: tuple[PasswordStack, ...]
    foreign: tuple[str, ...] = ()
    """Modules of the password stacks, where none of them sets passwords of this host."""

    @property
    def through_pam(self) -> bool:
        """Whether PAM has any say in it."""
        return bool(self.stacks or self.foreign)


def password_policy(facts: HostFacts) -> PasswordPolicy:
    """Return what the PAM stacks of a host ask of a new password; reads PamConfiguration and PasswordQuality."""
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
    stacks = tuple(PasswordStack(services=tuple(names), requirements=asked) for asked, names in services.items())
    foreign = {module.module for modules in by_service.values() for module in modules} if not stacks else set()
    return PasswordPolicy(stacks=stacks, foreign=tuple(sorted(foreign)))


def number(text: str) -> int | None:
    """Return a decimal number of a configuration file, None for what is none."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    return sign * int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= len("2147483647") else None


class _Quality:
    """pwquality.conf, and what is not known of it."""

    def __init__(self, facts: HostFacts) -> None:
        found = facts.only(PasswordQuality)
        self.values: Mapping[str, str] = found.values if found else {}
        gap = unseen(facts, ("password_quality",))
        self.unknown = gap.reason if gap else ""


def _requirements(modules: Iterable[PamModule], quality: _Quality) -> tuple[Requirement, ...]:
    found: dict[Requirement, None] = {}
    for module in modules:
        asks = _ASKS.get(module.module)
        if asks is not None and (module.module in _SETTERS or _refuses(module.control)):
            found[asks(module, quality)] = None
    return tuple(found)


def _refuses(control: str) -> bool:
    """Say whether a module's failure fails the stack (pam.conf(5))."""
    word = control.strip().lower()
    if word.startswith("["):
        return "default=ignore" not in word or "=die" in word or "=bad" in word
    return word not in ("optional", "sufficient")


def _pwquality(module: PamModule, quality: _Quality) -> Requirement:
    options = {**quality.values, **_options(module)}
    if number(options.get("enforcing", "1")) == 0:
        return Requirement(evidence=_says(module, "only warns (enforcing=0)"))
    return _with_credits(module, options, (_PWQUALITY_LENGTH, 0), quality.unknown)


def _cracklib(module: PamModule, _quality: _Quality) -> Requirement:
    return _with_credits(module, _options(module), (_CRACKLIB_LENGTH, 1), "")


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
    shorter = f", less {allowance} for credits above zero" if allowance else ""
    length = max(0, least - allowance)
    asked = f"; {' '.join(demands)}" if demands else "; nothing beside length"
    set_by = "minlen" if "minlen" in options else "the default minlen"
    return Requirement(
        length=length,
        demands=tuple(demands),
        unknown_quality=unknown,
        evidence=_says(module, f"takes {length} characters ({set_by} {least}{shorter}){asked}"),
    )


def _passwdqc(module: PamModule, _quality: _Quality) -> Requirement:
    options = _options(module)
    if options.get("enforce") == "none":
        return Requirement(evidence=_says(module, "only warns (enforce=none)"))
    lengths = [number(part) for part in options.get("min", _PASSWDQC_MINIMA).split(",")]
    length = min((length for length in lengths if length is not None), default=0)
    config = options.get("config", "")
    return Requirement(
        length=length,
        demands=("longer passwords where there are fewer kinds of characters",),
        unknown_quality=f"{module.module} also reads {config}, which is not collected." if config else "",
        evidence=_says(module, f"takes {length} characters, more where there are fewer kinds of them"),
    )


def _unix(module: PamModule, _quality: _Quality) -> Requirement:
    options = _options(module)
    length, remembered = _value(options, "minlen", 0), _value(options, "remember", 0)
    of_length = f"minlen {length}" if length else "no minlen"
    of_history = f"remember {remembered}" if remembered else "no remember"
    return Requirement(
        length=length, remembered=remembered, evidence=_says(module, f"has {of_length} and {of_history}")
    )


def _history(module: PamModule, _quality: _Quality) -> Requirement:
    options = _options(module)
    remembered = number(options.get("remember", ""))
    if remembered is None:
        why = f"{module.module} ({module.source}) takes `remember` from pwhistory.conf, which is not collected."
        return Requirement(unknown_history=why, evidence=_says(module, "has no argument remember"))
    return Requirement(remembered=remembered, evidence=_says(module, f"has remember {remembered}"))


_ASKS: Final[Mapping[str, Callable[[PamModule, _Quality], Requirement]]] = {
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


def _says(module: PamModule, what: str) -> Evidence:
    return Evidence(statement=f"{module.module} {what}", source=module.source)
