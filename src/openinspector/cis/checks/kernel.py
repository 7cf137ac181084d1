"""The kernel: parameters, modules that must not load, arguments of the boot loader."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from openinspector.cis.check import SensedCheck
from openinspector.cis.configuration import SENSOR as FILES
from openinspector.cis.configuration import ConfiguredValue, Line, assignments
from openinspector.cis.host import JudgedHost
from openinspector.cis.verdict import Inapplicable, Satisfied, Unknown, Verdict, Violated
from openinspector.model.configuration import KernelModule
from openinspector.model.evidence import Evidence
from openinspector.model.ground import NOT_SET, setting
from openinspector.model.hardening import ConfigurationFile
from openinspector.model.inventory import KernelParameters
from openinspector.model.record import Record

_DISABLED: Final = "net.ipv6.conf.all.disable_ipv6"
_MODPROBE: Final = (
    "/usr/lib/modprobe.d/*.conf",
    "/lib/modprobe.d/*.conf",
    "/run/modprobe.d/*.conf",
    "/etc/modprobe.d/*.conf",
)
_SYSCTL: Final = (
    "/usr/lib/sysctl.d/*.conf",
    "/lib/sysctl.d/*.conf",
    "/run/sysctl.d/*.conf",
    "/etc/sysctl.d/*.conf",
    "/etc/sysctl.conf",
    "/etc/ufw/sysctl.conf",
)


@dataclass(frozen=True, slots=True)
class KernelParameter:
    """A kernel parameter has one of some values, now and after the next boot (sysctl(8))."""

    name: str
    values: tuple[str, ...]
    reads: tuple[type[Record], ...] = (KernelParameters, ConfigurationFile)
    sensors: tuple[str, ...] = ("kernel_parameters", FILES)

    @property
    def title(self) -> str:
        """The parameter and its values."""
        return f"{self.name} is {' or '.join(self.values)}"

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge the running kernel's value, then the one that the files set."""
        gap = host.missing("kernel_parameters")
        if gap:
            return gap
        parameters = host.only(KernelParameters)
        if parameters is None:
            return Unknown(reason="The parameters of a running kernel were not sent: this is not a running system.")
        values = parameters.values
        if self.name.startswith("net.ipv6.") and values.get(_DISABLED) == "1":
            return Inapplicable(reason="IPv6 is disabled in the kernel.")
        value = values.get(self.name)
        if value is None:
            return Inapplicable(reason=f"The running kernel has no parameter {self.name}.")
        running = Evidence(statement=f"{self.name} is {value} in the running kernel", source="/proc/sys")
        if value not in self.values:
            return Violated(evidence=running, remedy=self._remedy, grounds=(setting(self.name, value),))
        written = host.once(_sysctl_lines).get(self.name.lower())
        if written is not None and written.value not in self.values:
            stored = Evidence(statement=f"{self.name} will be {written.value} after a boot", source=written.source)
            return Violated(evidence=stored, remedy=self._remedy, grounds=(setting(self.name, written.value),))
        return Satisfied(evidence=running)

    @property
    def _remedy(self) -> str:
        return (
            f"Write `{self.name} = {self.values[0]}` to /etc/sysctl.d/60-hardening.conf, remove other values of it, "
            "and load it with `sysctl --system`."
        )


@dataclass(frozen=True, slots=True)
class ModuleOff(SensedCheck):
    """A kernel module is not loaded and cannot be loaded (modprobe.d(5))."""

    name: str
    reads: tuple[type[Record], ...] = (KernelModule, ConfigurationFile)
    sensors: tuple[str, ...] = ("kernel_modules", FILES)

    @property
    def title(self) -> str:
        """The module that is off."""
        return f"The kernel module {self.name} is not available"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge what is loaded, then what modprobe is configured to do."""
        same = re.compile(re.sub(r"[-_]", "[-_]", re.escape(self.name).replace("\\-", "-")))
        loaded = next((module for module in host.all(KernelModule) if same.fullmatch(module.name)), None)
        if loaded:
            evidence = Evidence(statement=f"{loaded.name} is loaded", source="/proc/modules")
            return Violated(
                evidence=evidence,
                remedy=f"Unload it with `modprobe -r {self.name}`. {self._remedy}",
                grounds=(setting(self.name, "loaded"),),
            )
        off = blocked = None
        for words, line in host.once(_modprobe_words):
            if len(words) > 2 and words[0] == "install" and same.fullmatch(words[1]):  # noqa: PLR2004 - install NAME COMMAND
                off = line if words[2] in ("/bin/true", "/bin/false", "/usr/bin/true", "/usr/bin/false") else None
            elif len(words) == 2 and words[0] == "blacklist" and same.fullmatch(words[1]):  # noqa: PLR2004
                blocked = line
        if off is None or blocked is None:
            lacking = "an install line" if off is None else "a blacklist line"
            evidence = Evidence(statement=f"No file in modprobe.d has {lacking} for {self.name}")
            return Violated(evidence=evidence, remedy=self._remedy, grounds=(setting(self.name, "can be loaded"),))
        return Satisfied(
            evidence=Evidence(
                statement=f"{self.name} is not loaded and cannot be",
                because=tuple(Evidence(statement=line.text, source=line.source) for line in (off, blocked)),
            )
        )

    @property
    def _remedy(self) -> str:
        return (
            f"Write `install {self.name} /bin/false` and `blacklist {self.name}` to "
            f"/etc/modprobe.d/{self.name}.conf, unless the host needs this module."
        )


@dataclass(frozen=True, slots=True)
class BootArgument(SensedCheck):
    """Every kernel of the boot loader is started with an argument, or none is (``present`` False)."""

    argument: str
    """``audit=1``; without ``=`` the name alone counts."""
    present: bool = True
    reads: tuple[type[Record], ...] = (ConfigurationFile,)
    sensors: tuple[str, ...] = (FILES,)

    @property
    def title(self) -> str:
        """The argument."""
        return f"The kernel is started with{'' if self.present else 'out'} {self.argument}"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the entries of the boot loader, else the defaults that they are made from."""
        entries = host.once(_boot_entries)
        source = entries or host.once(_boot_defaults)
        if not source:
            return Unknown(reason="No configuration of a boot loader was found.")
        wrong = [line for line in source if self._has(line.text) != self.present]
        if not entries and self.present and len(wrong) < len(source):
            wrong = []
        if wrong:
            because = tuple(Evidence(statement=line.text[:200], source=line.source) for line in wrong[:5])
            lacking = "lack" if self.present else "have"
            return Violated(
                evidence=Evidence(statement=f"{len(wrong)} entries {lacking} {self.argument}", because=because),
                remedy=f"{'Add' if self.present else 'Remove'} `{self.argument}` in GRUB_CMDLINE_LINUX of "
                "/etc/default/grub and run `update-grub` or `grub2-mkconfig -o /boot/grub2/grub.cfg`.",
                grounds=(setting(self.argument, "lacking" if self.present else "set"),),
            )
        return Satisfied(evidence=Evidence(statement=self.title, source=source[0].source))

    def _has(self, text: str) -> bool:
        words = text.replace('"', " ").replace("'", " ").split()
        return any(word == self.argument or word.startswith(f"{self.argument}=") for word in words)


@dataclass(frozen=True, slots=True)
class BootPassword(SensedCheck):
    """The boot loader asks for a password before an entry may be edited."""

    title: str = "The boot loader is protected by a password"
    reads: tuple[type[Record], ...] = (ConfigurationFile,)
    sensors: tuple[str, ...] = (FILES,)

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge GRUB's configuration; its hashes never leave the host."""
        patterns = ("/boot/grub*/grub.cfg", "/boot/grub*/user.cfg", "/boot/efi/EFI/*/*.cfg", "/etc/grub.d/*")
        found = tuple(host.lines(*patterns))
        if not found:
            return Inapplicable(reason="GRUB is not installed, or its configuration cannot be read.")
        protected = next((line for line in found if re.match(r"password_pbkdf2\s|GRUB2_PASSWORD=", line.text)), None)
        if protected is None:
            return Violated(
                evidence=Evidence(statement="No entry of GRUB's configuration sets a password"),
                remedy="Make a hash with `grub-mkpasswd-pbkdf2` (`grub2-setpassword` on rpm systems) and set it with "
                "`set superusers` and `password_pbkdf2`.",
                grounds=(setting("password of the boot loader", NOT_SET),),
            )
        return Satisfied(evidence=Evidence(statement="A password is set", source=protected.source))


def _boot_entries(host: JudgedHost) -> tuple[Line, ...]:
    """Return the command lines of the boot loader's entries."""
    return tuple(
        line
        for line in host.lines("/boot/grub*/grub.cfg", "/boot/loader/entries/*.conf")
        if re.match(r"(?:linux(?:16|efi)?|options)\s", line.text) and "$" not in line.text
    )


def _boot_defaults(host: JudgedHost) -> tuple[Line, ...]:
    """Return the lines from which entries are made."""
    return tuple(
        line
        for line in host.lines("/etc/default/grub", "/etc/default/grub.d/*.cfg", "/etc/kernel/cmdline")
        if line.text.startswith("GRUB_CMDLINE_LINUX") or line.source.startswith("/etc/kernel/cmdline")
    )


def _sysctl_lines(host: JudgedHost) -> Mapping[str, ConfiguredValue]:
    """Return the last setting of each parameter in the files."""
    return {setting.key.lower(): setting for setting in assignments(host.lines(*_SYSCTL))}


def _modprobe_words(host: JudgedHost) -> tuple[tuple[list[str], Line], ...]:
    """Return the words of each line of modprobe's configuration that switches a module off."""
    found = ((line.text.split(), line) for line in host.lines(*_MODPROBE))
    return tuple((words, line) for words, line in found if words and words[0] in ("install", "blacklist"))
