"""The audit subsystem: rules for system calls, files and programs (auditctl(8), audit.rules(7))."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from openinspector.cis.check import SensedCheck
from openinspector.cis.configuration import SENSOR as FILES
from openinspector.cis.configuration import Line
from openinspector.cis.host import JudgedHost
from openinspector.cis.verdict import Inapplicable, Satisfied, Verdict, Violated
from openinspector.model.evidence import Evidence
from openinspector.model.ground import NOT_SET, setting, subject
from openinspector.model.hardening import AnomalyKind, AuditRule, AuditState, ConfigurationFile, FileAnomalies
from openinspector.model.inventory import OperatingSystem
from openinspector.model.record import Record

_ANOMALIES: Final = "file_anomalies"
_IN_FORCE: Final = "audit_rules"
_FILES: Final = ("/etc/audit/rules.d/*.rules",)
_64_BIT: Final = ("x86_64", "aarch64", "ppc64le", "s390x", "")
_MAX_LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class AuditSyscalls:
    """Each of some system calls is audited, for 64-bit and 32-bit programs, with all of some filters."""

    names: tuple[str, ...]
    filters: tuple[str, ...] = ()
    """As rules write them: ``auid>=1000``, ``exit=-EACCES``."""
    architectures: tuple[str, ...] = ("b64", "b32")
    reads: tuple[type[Record], ...] = (ConfigurationFile, OperatingSystem, AuditState, AuditRule)
    sensors: tuple[str, ...] = (FILES, _IN_FORCE)

    @property
    def title(self) -> str:
        """The system calls."""
        return (
            f"Calls of {', '.join(self.names)} are audited{' if ' + ' and '.join(self.filters) if self.filters else ''}"
        )

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge the rules in the files."""
        system = host.only(OperatingSystem)
        machine = system.architecture if system else ""
        wanted = self.architectures if machine in _64_BIT else ("b32",)

        def lacking(rules: _RuleSet) -> list[str]:
            return [
                f"{name} ({architecture})"
                for architecture in wanted
                for name in self.names
                if not any(self._covers(rule, architecture) for rule in rules.of_calls.get(name, ()))
            ]

        return _verdict(host, lacking, self.title, self._rule(wanted[0]))

    def _covers(self, rule: "_Rule", architecture: str) -> bool:
        return rule.architecture in ("", architecture) and all(
            _canonical(each) in rule.filters for each in self.filters
        )

    def _rule(self, architecture: str) -> str:
        fields = " ".join(f"-F {each}" for each in self.filters)
        return (
            f"-a always,exit -F arch={architecture} -S {','.join(self.names)} {fields}".rstrip() + " -k openinspector"
        )


@dataclass(frozen=True, slots=True)
class AuditWatch:
    """Writes and attribute changes of each of some paths are audited."""

    paths: tuple[str, ...]
    permissions: str = "wa"
    reads: tuple[type[Record], ...] = (ConfigurationFile, AuditState, AuditRule)
    sensors: tuple[str, ...] = (FILES, _IN_FORCE)

    @property
    def title(self) -> str:
        """The paths."""
        return f"Changes of {', '.join(self.paths)} are audited"

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge the rules in the files."""

        def lacking(rules: _RuleSet) -> list[str]:
            return [path for path in self.paths if not any(self._covers(rule, path) for rule in rules.every)]

        return _verdict(host, lacking, self.title, f"-w {self.paths[0]} -p {self.permissions} -k openinspector")

    def _covers(self, rule: "_Rule", path: str) -> bool:
        return rule.watched.rstrip("/") == path.rstrip("/") and set(self.permissions) <= set(rule.permissions)


@dataclass(frozen=True, slots=True)
class AuditPrograms:
    """Runs of each of some programs by users are audited; of every set-user-id program if none is named."""

    paths: tuple[str, ...] = ()
    reads: tuple[type[Record], ...] = (ConfigurationFile, FileAnomalies, AuditState, AuditRule)
    sensors: tuple[str, ...] = (FILES, _ANOMALIES, _IN_FORCE)

    @property
    def title(self) -> str:
        """The programs."""
        return f"Runs of {', '.join(self.paths) or 'every set-user-id and set-group-id program'} are audited"

    def judge(self, host: JudgedHost) -> Verdict:
        """Judge the rules in the files."""
        paths = self.paths
        if not paths:
            gap = host.missing(_ANOMALIES)
            if gap:
                return gap
            paths = next((a.paths for a in host.all(FileAnomalies) if a.kind is AnomalyKind.PRIVILEGED), ())
            if not paths:
                return Inapplicable(reason="The host has no set-user-id or set-group-id programs.")

        def lacking(rules: _RuleSet) -> list[str]:
            return [path for path in paths if not any(self._covers(rule, path) for rule in rules.every)]

        example = f"-a always,exit -F path={paths[0]} -F perm=x -F auid>=1000 -F auid!=unset -k privileged"
        return _verdict(host, lacking, self.title, example)

    def _covers(self, rule: "_Rule", path: str) -> bool:
        return rule.watched == path and ("x" in rule.permissions or not rule.permissions)


@dataclass(frozen=True, slots=True)
class AuditControl(SensedCheck):
    """The last control option of a kind has a value: ``-e 2`` locks the configuration."""

    option: str
    value: str
    title: str
    reads: tuple[type[Record], ...] = (ConfigurationFile, AuditState)
    sensors: tuple[str, ...] = (FILES, _IN_FORCE)

    def judge_seen(self, host: JudgedHost) -> Verdict:
        """Judge the lock of the running kernel, then the rules in files."""
        found = [line for line in host.lines(*_FILES) if line.text.split()[:1] == [self.option]]
        state = host.only(AuditState)
        if self.option == "-e" and state is not None and state.enabled != int(self.value):
            return Violated(
                evidence=Evidence(statement=f"The running kernel has `-e {state.enabled}`", source="running kernel"),
                remedy=f"Write `-e {self.value}` as the last line of /etc/audit/rules.d/99-finalize.rules and restart "
                "the host.",
                grounds=(setting("-e", str(state.enabled)),),
            )
        if found and found[-1].text.split() == [self.option, *self.value.split()]:
            return Satisfied(evidence=Evidence(statement=found[-1].text, source=found[-1].source))
        statement = found[-1].text if found else f"No rule file sets {self.option}"
        wanted = f"{self.option} {self.value}".strip()
        return Violated(
            evidence=Evidence(statement=statement, source=found[-1].source if found else ""),
            remedy=f"Write `{wanted}` as the last line of /etc/audit/rules.d/99-finalize.rules.",
            grounds=(setting(self.option, found[-1].text if found else NOT_SET),),
        )


@dataclass(frozen=True, slots=True)
class _Rule:
    """One rule, taken apart."""

    line: Line
    architecture: str = ""
    syscalls: frozenset[str] = frozenset()
    watched: str = ""
    permissions: str = ""
    filters: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _RuleSet:
    """The rules of one place."""

    every: tuple[_Rule, ...]
    of_calls: Mapping[str, list[_Rule]]
    """The rules of each system call."""


def _in_files(host: JudgedHost) -> _RuleSet:
    """Return the rules of the files, which the next boot loads."""
    return _rule_set(host.lines(*_FILES))


def _in_force(host: JudgedHost) -> _RuleSet:
    """Return the rules of the running kernel."""
    return _rule_set(Line(text=rule.text, source=f"rule {rule.place}") for rule in host.all(AuditRule))


def _rule_set(lines: Iterable[Line]) -> _RuleSet:
    rules = tuple(_parse(line) for line in lines if line.text.startswith(("-a", "-w", "-A")) and not _is_never(line))
    of_calls: defaultdict[str, list[_Rule]] = defaultdict(list)
    for rule in rules:
        for name in rule.syscalls:
            of_calls[name].append(rule)
    return _RuleSet(rules, of_calls)


def _is_never(line: Line) -> bool:
    """Return True for a rule that keeps events out of the log."""
    words = line.text.split(maxsplit=2)
    return words[0] != "-w" and len(words) > 1 and "never" in words[1].split(",")


def _parse(line: Line) -> _Rule:
    options = list(pairwise(line.text.split()))
    fields = [value for option, value in options if option in ("-F", "-C")]
    named = {name: operand for name, _, operand in (field.partition("=") for field in fields)}
    plain = dict(options)
    return _Rule(
        line,
        architecture=named.get("arch", ""),
        syscalls=frozenset(name for option, value in options if option == "-S" for name in value.split(",")),
        watched=plain.get("-w") or named.get("path") or named.get("dir", ""),
        permissions=plain.get("-p") or named.get("perm", ""),
        filters=frozenset(map(_canonical, fields)),
    )


def _canonical(text: str) -> str:
    """Return a filter in the one spelling that is compared: ``unset``, ``-1`` and 4294967295 mean the same."""
    return text.replace("4294967295", "unset").replace("!=-1", "!=unset")


def _verdict(host: JudgedHost, lacking: Callable[[_RuleSet], list[str]], title: str, rule: str) -> Verdict:
    """Judge the files, then the rules in force where the host sent them: a running system needs both."""
    gap = host.missing(FILES)
    if gap:
        return gap
    in_files = lacking(host.once(_in_files))
    if in_files:
        return _uncovered(
            in_files,
            "No audit rule covers",
            "/etc/audit/rules.d",
            f"Add `{rule}` and its like to /etc/audit/rules.d/50-hardening.rules and run `augenrules --load`.",
        )
    gap = host.missing(_IN_FORCE)
    if gap:
        return gap
    if host.only(AuditState) is None:
        return Satisfied(evidence=Evidence(statement=title, source="/etc/audit/rules.d"))
    running = lacking(host.once(_in_force))
    if running:
        return _uncovered(
            running,
            "No audit rule in force covers",
            "running kernel",
            "The files have the rules. Load them with `augenrules --load`, or restart the host.",
        )
    return Satisfied(evidence=Evidence(statement=title, source="/etc/audit/rules.d and the running kernel"))


def _uncovered(lacking: list[str], what: str, source: str, remedy: str) -> Violated:
    shown = ", ".join(lacking[:_MAX_LISTED]) + (" and more" if len(lacking) > _MAX_LISTED else "")
    return Violated(
        evidence=Evidence(statement=f"{what} {shown}", source=source),
        remedy=remedy,
        grounds=tuple(subject("not audited", one) for one in lacking),
    )
