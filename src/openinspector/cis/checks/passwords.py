"""Passwords: defaults of new accounts, quality, lock-out and history through PAM."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openinspector.cis.check import SensedCheck
from openinspector.cis.configuration import SENSOR as FILES
from openinspector.cis.configuration import ConfiguredValue, assignments, last
from openinspector.cis.expectation import Expectation
from openinspector.cis.host import JudgedHost
from openinspector.cis.verdict import Inapplicable, Satisfied, Verdict, Violated
from openinspector.model.evidence import Evidence
from openinspector.model.ground import NOT_SET
from openinspector.model.ground import setting as ground
from openinspector.model.hardening import ConfigurationFile
from openinspector.model.inventory import LoginDefinitions, PamConfiguration, PamModule, PasswordQuality
from openinspector.model.record import Record
from openinspector.model.tailoring import Tailoring

_PAM: Final = "pam"


@dataclass(frozen=True, slots=True)
class LoginDefinition(SensedCheck):
    """A value of ``/etc/login.defs`` meets an expectation (login.defs(5))."""

    name: str
    expected: Expectation
    reads: tuple[type[Record], ...] = (LoginDefinitions,)
    sensors: tuple[str, ...] = ("login_definitions",)

    @property
    def title(self) -> str:
        """The name and the expectation."""
        return f"{self.name} of /etc/login.defs is {self.expected.wanted(Tailoring())}"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the value; a name that is not set never satisfies."""
        definitions = host.only(LoginDefinitions)
        if definitions is None:
            return Inapplicable(reason="The host has no /etc/login.defs.")
        value = definitions.values.get(self.name)
        evidence = Evidence(statement=f"{self.name} is {value or 'not set'}", source="/etc/login.defs")
        if value is not None and self.expected.accepts(value, host.tailoring):
            return Satisfied(evidence=evidence)
        wanted = self.expected.example(host.tailoring)
        return Violated(
            evidence=evidence,
            remedy=f"Write `{self.name} {wanted}` in /etc/login.defs.",
            grounds=(ground(self.name, value or NOT_SET),),
        )


@dataclass(frozen=True, slots=True)
class QualitySetting(SensedCheck):
    """A key of pwquality meets an expectation: in PAM's arguments, else in pwquality.conf (pam_pwquality(8))."""

    key: str
    expected: Expectation
    reads: tuple[type[Record], ...] = (PasswordQuality, PamConfiguration)
    sensors: tuple[str, ...] = ("password_quality", _PAM)

    @property
    def title(self) -> str:
        """The key and the expectation."""
        return f"pwquality's {self.key} is {self.expected.wanted(Tailoring())}"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the value in force; a module that PAM does not call enforces nothing."""
        modules = _modules(host, "pam_pwquality.so", "password")
        argument = next((a for module in modules for a in _arguments(module) if a.key == self.key), None)
        quality = host.only(PasswordQuality)
        values = {key.lower(): value for key, value in quality.values.items()} if quality else {}
        if argument is not None:
            value, source = argument.value, argument.source
        else:
            value, source = values.get(self.key.lower(), ""), "/etc/security/pwquality.conf"
        set_flag = self.key.lower() in values and not value
        evidence = Evidence(statement=f"{self.key} is {value or ('set' if set_flag else 'not set')}", source=source)
        if (value or set_flag) and self.expected.accepts(value or "1", host.tailoring):
            return Satisfied(evidence=evidence)
        return Violated(
            evidence=evidence,
            remedy=f"Write `{self.key} = {self.expected.example(host.tailoring)}` in /etc/security/pwquality.conf.d/.",
            grounds=(ground(self.key, value or ("set" if set_flag else NOT_SET)),),
        )


@dataclass(frozen=True, slots=True)
class PamCalls(SensedCheck):
    """PAM calls a module in a facility."""

    module: str
    facilities: tuple[str, ...]
    reads: tuple[type[Record], ...] = (PamConfiguration,)
    sensors: tuple[str, ...] = (_PAM,)

    @property
    def title(self) -> str:
        """The module."""
        return f"PAM calls {self.module} for {' and '.join(self.facilities)}"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the PAM stacks."""
        if host.only(PamConfiguration) is None:
            return Inapplicable(reason="The host does not use PAM.")
        lacking = [facility for facility in self.facilities if not _modules(host, self.module, facility)]
        if lacking:
            evidence = Evidence(statement=f"{self.module} is not called for {', '.join(lacking)}", source="/etc/pam.d")
            return Violated(
                evidence=evidence,
                remedy=f"Enable {self.module} with `pam-auth-update` or an authselect feature.",
                grounds=tuple(ground(f"{self.module} for {facility}", NOT_SET) for facility in lacking),
            )
        first = _modules(host, self.module, self.facilities[0])[0]
        return Satisfied(evidence=_called(first))


@dataclass(frozen=True, slots=True)
class PamOption(SensedCheck):
    """An option of a PAM module meets an expectation: as an argument, else in the module's own file."""

    module: str
    facility: str
    option: str
    expected: Expectation
    file: str = ""
    """The module's own configuration: ``/etc/security/faillock.conf``."""
    reads: tuple[type[Record], ...] = (PamConfiguration, ConfigurationFile)
    sensors: tuple[str, ...] = (_PAM, FILES)

    @property
    def title(self) -> str:
        """The option and the expectation."""
        return f"{self.option} of {self.module} is {self.expected.wanted(Tailoring())}"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge every call of the module."""
        modules = _modules(host, self.module, self.facility)
        if not modules:
            evidence = Evidence(statement=f"{self.module} is not called for {self.facility}", source="/etc/pam.d")
            return Violated(
                evidence=evidence,
                remedy=f"Enable {self.module}, then set {self.option}.",
                grounds=(ground(f"{self.module} for {self.facility}", NOT_SET),),
            )
        written = _file_setting(host, self.file, self.option) if self.file else None
        for module in modules:
            setting = next((a for a in _arguments(module) if a.key == self.option), written)
            if setting is None or not self.expected.accepts(setting.value or "1", host.tailoring):
                found = f"{self.option} is {setting.value or 'set'}" if setting else f"{self.option} is not set"
                wanted = self.expected.example(host.tailoring)
                return Violated(
                    evidence=Evidence(statement=found, source=setting.source if setting else module.source),
                    remedy=f"Set `{self.option} = {wanted}` in {self.file or 'the arguments of ' + self.module}.",
                    grounds=(ground(self.option, setting.value or "set" if setting else NOT_SET),),
                )
        return Satisfied(evidence=_called(modules[0]))


@dataclass(frozen=True, slots=True)
class PamOptionAbsent(SensedCheck):
    """No call of a PAM module has an option."""

    module: str
    option: str
    reads: tuple[type[Record], ...] = (PamConfiguration,)
    sensors: tuple[str, ...] = (_PAM,)

    @property
    def title(self) -> str:
        """The module and the option."""
        return f"{self.module} is called without {self.option}"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge every call."""
        configuration = host.only(PamConfiguration)
        called = [module for module in configuration.modules if module.module == self.module] if configuration else []
        if not called:
            return Inapplicable(reason=f"PAM does not call {self.module}.")
        wrong = [module for module in called if any(a.key == self.option for a in _arguments(module))]
        if wrong:
            return Violated(
                evidence=_called(wrong[0]),
                remedy=f"Remove {self.option} from {wrong[0].source}.",
                grounds=(ground(self.option, "set"),),
            )
        return Satisfied(evidence=_called(called[0]))


def _modules(host: JudgedHost, name: str, facility: str) -> list[PamModule]:
    configuration = host.only(PamConfiguration)
    modules = configuration.modules if configuration else ()
    return [module for module in modules if module.module == name and module.facility == facility]


def _arguments(module: PamModule) -> Iterator[ConfiguredValue]:
    for argument in module.arguments:
        key, _, value = argument.partition("=")
        yield ConfiguredValue(key=key, value=value, source=module.source)


def _file_setting(host: JudgedHost, path: str, key: str) -> ConfiguredValue | None:
    found = last(assignments(host.lines(path)), key)
    if found is not None:
        return found
    flag = next((line for line in host.lines(path) if line.text == key), None)
    return ConfiguredValue(key=key, value="", source=flag.source) if flag else None


def _called(module: PamModule) -> Evidence:
    text = " ".join((module.facility, module.control, module.module, *module.arguments))
    return Evidence(statement=text, source=module.source)
