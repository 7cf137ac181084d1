"""Settings of services and of the login: one generic family for ``key = value`` files, and a few special ones."""

import re
from dataclasses import dataclass
from typing import Final

from openinspector.cis.check import SensedCheck
from openinspector.cis.configuration import SENSOR as FILES
from openinspector.cis.configuration import assignments, last, words
from openinspector.cis.expectation import Expectation, number
from openinspector.cis.host import JudgedHost
from openinspector.cis.verdict import Inapplicable, Satisfied, Unknown, Verdict, Violated
from openinspector.model.evidence import Evidence
from openinspector.model.ground import NOT_SET
from openinspector.model.ground import setting as ground
from openinspector.model.hardening import ConfigurationFile
from openinspector.model.inventory import OperatingSystem
from openinspector.model.record import Record
from openinspector.model.tailoring import Tailoring, Variable

SHELL_TIMEOUT: Final = Variable(name="shell_timeout_seconds", default="900", description="Idle time of a shell.")
_SHELL_FILES: Final = ("/etc/bash.bashrc", "/etc/bashrc", "/etc/profile", "/etc/profile.d/*.sh")
_STRICT_UMASK: Final = 0o027
_BANNER_ESCAPES: Final = re.compile(r"\\[mrsv]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSetting(SensedCheck):
    """The value in force of a key meets an expectation."""

    service: str
    """The service, as titles name it."""
    paths: tuple[str, ...]
    """Files in order of rising precedence, with patterns for drop-ins."""
    key: str
    expected: Expectation
    default: str | None = None
    """The service's default if the key is not set; None if the default never satisfies."""
    separator: str = "="
    """``=`` or a space."""
    first_wins: bool = False
    """True if the service takes the first value instead of the last."""
    reads: tuple[type[Record], ...] = (ConfigurationFile,)
    sensors: tuple[str, ...] = (FILES,)

    @property
    def title(self) -> str:
        """The key and the expectation."""
        return f"{self.key} of {self.service} is {self.expected.wanted(Tailoring())}"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the value in force, or the default."""
        if not host.files(*self.paths):
            return Inapplicable(reason=f"The host has no configuration of {self.service}.")
        found = host.lines(*self.paths)
        settings = list(assignments(found) if self.separator == "=" else words(found))
        setting = last(reversed(settings) if self.first_wins else settings, self.key)
        value = setting.value if setting else self.default
        statement = f"{self.key} is {value}" if setting else f"{self.key} is not set"
        if setting is None and self.default is not None:
            statement += f"; {self.service} takes {self.default}"
        evidence = Evidence(statement=statement, source=setting.source if setting else "")
        if value is not None and self.expected.accepts(value, host.tailoring):
            return Satisfied(evidence=evidence)
        joint = " = " if self.separator == "=" else " "
        wanted = f"{self.key}{joint}{self.expected.example(host.tailoring)}"
        return Violated(
            evidence=evidence,
            remedy=f"Write `{wanted}` in {self.paths[-1]} and restart {self.service}.",
            grounds=(ground(f"{self.key} of {self.service}", value or NOT_SET),),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePresent(SensedCheck):
    """Some file has a line that matches a pattern, or none has (``present`` False)."""

    title: str
    paths: tuple[str, ...]
    pattern: str
    remedy: str
    present: bool = True
    absent_means_inapplicable: str = ""
    """Reason why the requirement does not apply if none of the files exists; empty if it does apply."""
    reads: tuple[type[Record], ...] = (ConfigurationFile,)
    sensors: tuple[str, ...] = (FILES,)

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the lines of the files."""
        if self.absent_means_inapplicable and not host.files(*self.paths):
            return Inapplicable(reason=self.absent_means_inapplicable)
        compiled = re.compile(self.pattern)
        found = next((line for line in host.lines(*self.paths) if compiled.search(line.text)), None)
        if (found is not None) == self.present:
            return Satisfied(
                evidence=Evidence(
                    statement=found.text if found else self.title,
                    source=found.source if found else ", ".join(self.paths),
                )
            )
        evidence = Evidence(
            statement=found.text if found else f"Not met: {self.title}",
            source=found.source if found else ", ".join(self.paths),
        )
        return Violated(
            evidence=evidence, remedy=self.remedy, grounds=(ground("line", found.text if found else NOT_SET),)
        )


@dataclass(frozen=True, slots=True)
class Banner(SensedCheck):
    """A login banner exists and does not name the system, its release or its architecture."""

    path: str
    required: bool = True
    """False if a missing or empty file is fine."""
    reads: tuple[type[Record], ...] = (ConfigurationFile,)
    sensors: tuple[str, ...] = (FILES,)

    @property
    def title(self) -> str:
        """The file."""
        return f"{self.path} warns users and does not describe the system"

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the text."""
        found = tuple(host.lines(self.path))
        if not found:
            if not self.required:
                return Satisfied(evidence=Evidence(statement=f"{self.path} is empty or absent"))
            return Violated(
                evidence=Evidence(statement=f"{self.path} is empty or absent"),
                remedy=self._remedy,
                grounds=(ground(self.path, NOT_SET),),
            )
        telling = next((line for line in found if _BANNER_ESCAPES.search(line.text)), None)
        named = telling or next((line for line in found if _names_system(host, line.text)), None)
        if named:
            return Violated(
                evidence=Evidence(statement=named.text, source=named.source),
                remedy=self._remedy,
                grounds=(ground(self.path, named.text),),
            )
        return Satisfied(evidence=Evidence(statement=found[0].text, source=found[0].source))

    @property
    def _remedy(self) -> str:
        return f"Write your site's warning to {self.path}, without \\m, \\r, \\s, \\v and without the system's name."


@dataclass(frozen=True, slots=True)
class ShellTimeout(SensedCheck):
    """Idle shells end: TMOUT is at most a limit, read-only and exported."""

    limit: Variable = SHELL_TIMEOUT
    title: str = "Idle shells end after at most 900 seconds"
    reads: tuple[type[Record], ...] = (ConfigurationFile,)
    sensors: tuple[str, ...] = (FILES,)

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge every assignment of TMOUT in the shell's global files."""
        limit = int(host.tailoring.value(self.limit))
        found = [
            (line, match) for line in host.lines(*_SHELL_FILES) if (match := re.search(r"\bTMOUT=(\d+)", line.text))
        ]
        wrong = next((line for line, match in found if not 0 < (number(match[1]) or 0) <= limit), None)
        if wrong or not found:
            evidence = Evidence(
                statement=wrong.text if wrong else "TMOUT is not set", source=wrong.source if wrong else ""
            )
            return Violated(
                evidence=evidence,
                remedy=f"Write `readonly TMOUT={limit} ; export TMOUT` to /etc/profile.d/tmout.sh.",
                grounds=(ground("TMOUT", wrong.text if wrong else NOT_SET),),
            )
        line = found[0][0]
        return Satisfied(evidence=Evidence(statement=line.text, source=line.source))


@dataclass(frozen=True, slots=True)
class ShellUmask(SensedCheck):
    """The default umask of users is 027 or stricter in the shell's global files."""

    paths: tuple[str, ...] = (*_SHELL_FILES, "/etc/login.defs")
    title: str = "The default umask is 027 or stricter"
    required: bool = True
    """False if it is fine not to set one."""
    reads: tuple[type[Record], ...] = (ConfigurationFile,)
    sensors: tuple[str, ...] = (FILES,)

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge every umask that is set."""
        found = [
            (line, match)
            for line in host.lines(*self.paths)
            if (match := re.match(r"(?:umask|UMASK)\s+(\S+)", line.text))
        ]
        wrong = next((line for line, match in found if not _strict(match[1])), None)
        if not found and not self.required:
            return Satisfied(evidence=Evidence(statement="No umask is set; the default applies"))
        if wrong or not found:
            evidence = Evidence(
                statement=wrong.text if wrong else "No umask is set", source=wrong.source if wrong else ""
            )
            return Violated(
                evidence=evidence,
                remedy="Write `umask 027` to /etc/profile.d/umask.sh.",
                grounds=(ground("umask", wrong.text if wrong else NOT_SET),),
            )
        line = found[0][0]
        return Satisfied(evidence=Evidence(statement=line.text, source=line.source))


@dataclass(frozen=True, slots=True)
class SudoDefault:
    """sudo has a default (sudoers(5), Defaults), or every rule asks for a password."""

    title: str
    pattern: str
    remedy: str
    present: bool = True
    reads: tuple[type[Record], ...] = (ConfigurationFile,)
    sensors: tuple[str, ...] = (FILES,)

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge sudoers and its drop-ins."""
        return LinePresent(
            title=self.title,
            paths=("/etc/sudoers", "/etc/sudoers.d/*"),
            pattern=self.pattern,
            remedy=self.remedy,
            present=self.present,
            absent_means_inapplicable="sudo is not installed.",
        ).judge(host)


@dataclass(frozen=True, slots=True)
class RootPath(SensedCheck):
    """The folders of root's PATH can be changed by root alone; needs the login files, never an environment."""

    title: str = "root's PATH has no empty entry and no relative folder"
    reads: tuple[type[Record], ...] = (ConfigurationFile,)
    sensors: tuple[str, ...] = (FILES,)

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge every PATH that the files for root set."""
        patterns = (
            "/etc/profile",
            "/etc/environment",
            "/etc/login.defs",
            "/root/.profile",
            "/root/.bashrc",
            "/root/.bash_profile",
        )
        found = [
            (line, match)
            for line in host.lines(*patterns)
            if (match := re.search(r"\bPATH=[\"']?([^\"';\s]+)", line.text))
        ]
        if not found:
            return Unknown(reason="No file that was read sets root's PATH.")
        for line, match in found:
            parts = [part for part in match[1].split(":") if not part.startswith("$")]
            if any(not part.startswith("/") for part in parts):
                return Violated(
                    evidence=Evidence(statement=line.text, source=line.source),
                    remedy="Remove empty and relative entries from this PATH.",
                    grounds=(ground("PATH", match[1]),),
                )
        return Satisfied(evidence=Evidence(statement=found[0][0].text, source=found[0][0].source))


def _strict(mask: str) -> bool:
    """Return True if a umask takes write from the group and everything from others."""
    if re.fullmatch(r"[0-7]{1,4}", mask):
        return int(mask, 8) & _STRICT_UMASK == _STRICT_UMASK
    return re.fullmatch(r"u=[rwx]*,g=(?:rx?|xr?)?,o=", mask) is not None


def _names_system(host: JudgedHost, text: str) -> bool:
    system = host.only(OperatingSystem)
    if system is None or not system.id:
        return False
    return re.search(rf"\b{re.escape(system.id)}\b", text, re.IGNORECASE) is not None
