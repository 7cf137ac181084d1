"""Mandatory access control: AppArmor and SELinux."""

from dataclasses import dataclass
from typing import Final

from openinspector.cis.check import SensedCheck
from openinspector.cis.configuration import SENSOR as FILES
from openinspector.cis.configuration import assignments, last
from openinspector.cis.host import JudgedHost
from openinspector.cis.verdict import Inapplicable, Satisfied, Verdict, Violated
from openinspector.model.evidence import Evidence
from openinspector.model.ground import setting, subject
from openinspector.model.hardening import ConfigurationFile, ConfinementSystem, MandatoryAccessControl
from openinspector.model.record import Record

_SENSOR: Final = "mandatory_access_control"


@dataclass(frozen=True, slots=True)
class ProfilesIn(SensedCheck):
    """AppArmor has profiles, each in one of some modes, and no confined program runs without its profile."""

    modes: tuple[str, ...]
    reads: tuple[type[Record], ...] = (MandatoryAccessControl,)
    sensors: tuple[str, ...] = (_SENSOR,)

    @property
    def title(self) -> str:
        """The modes."""
        return f"Every AppArmor profile is in {' or '.join(self.modes)} mode"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the loaded profiles; no profiles at all never satisfy."""
        state = _state(host, ConfinementSystem.APPARMOR)
        if state is None:
            return Violated(
                evidence=Evidence(statement="AppArmor is not enabled in the running kernel"),
                remedy="Install apparmor, boot with `apparmor=1 security=apparmor`, and load the profiles.",
                grounds=(setting("AppArmor", "not enabled"),),
            )
        wrong = [f"{name} ({mode})" for name, mode in state.profiles if mode not in self.modes]
        wrong += [f"{program} runs without its profile" for program in state.unconfined_processes]
        if wrong or not state.profiles:
            statement = ", ".join(wrong[:10]) if wrong else "No AppArmor profile is loaded"
            return Violated(
                evidence=Evidence(statement=statement, source="/sys/kernel/security/apparmor/profiles"),
                remedy="Run `aa-enforce /etc/apparmor.d/*` and restart programs that run without their profile.",
                grounds=tuple(subject("AppArmor", one) for one in wrong) or (setting("AppArmor", "no profile"),),
            )
        return Satisfied(evidence=Evidence(statement=f"{len(state.profiles)} profiles: {self.title}"))


@dataclass(frozen=True, slots=True)
class SelinuxMode(SensedCheck):
    """SELinux runs in one of some modes, now and after the next boot."""

    modes: tuple[str, ...]
    reads: tuple[type[Record], ...] = (MandatoryAccessControl, ConfigurationFile)
    sensors: tuple[str, ...] = (_SENSOR, FILES)

    @property
    def title(self) -> str:
        """The modes."""
        return f"SELinux is {' or '.join(self.modes)}"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the running kernel, then the configuration."""
        state = _state(host, ConfinementSystem.SELINUX)
        remedy = f"Set `SELINUX={self.modes[0]}` in /etc/selinux/config and restart the host."
        if state is None or state.mode not in self.modes:
            found = state.mode if state else "disabled"
            return Violated(
                evidence=Evidence(statement=f"SELinux is {found}", source="/sys/fs/selinux"),
                remedy=remedy,
                grounds=(setting("SELinux", found),),
            )
        written = last(assignments(host.lines("/etc/selinux/config")), "SELINUX")
        if written is not None and written.value.lower() not in self.modes:
            evidence = Evidence(statement=f"SELINUX is {written.value}", source=written.source)
            return Violated(evidence=evidence, remedy=remedy, grounds=(setting("SELINUX", written.value),))
        return Satisfied(evidence=Evidence(statement=f"SELinux is {state.mode}", source="/sys/fs/selinux"))


@dataclass(frozen=True, slots=True)
class NoUnconfinedServices(SensedCheck):
    """No service runs in an unconfined domain of SELinux."""

    title: str = "No service runs unconfined by SELinux"
    reads: tuple[type[Record], ...] = (MandatoryAccessControl,)
    sensors: tuple[str, ...] = (_SENSOR,)

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the running processes."""
        state = _state(host, ConfinementSystem.SELINUX)
        if state is None:
            return Inapplicable(reason="SELinux is not enabled.")
        if state.unconfined_processes:
            evidence = Evidence(statement=f"Unconfined: {', '.join(state.unconfined_processes[:10])}")
            return Violated(
                evidence=evidence,
                remedy="Give each program a policy module, or label it correctly.",
                grounds=tuple(subject("unconfined", name) for name in state.unconfined_processes),
            )
        return Satisfied(evidence=Evidence(statement=self.title))


def _state(host: JudgedHost, system: ConfinementSystem) -> MandatoryAccessControl | None:
    return next((state for state in host.all(MandatoryAccessControl) if state.system is system), None)
