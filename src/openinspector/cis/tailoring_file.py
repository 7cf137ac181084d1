"""A site's choices as a file in version control: variables, controls switched off, and waivers.

In TOML::

    benchmark = "debian_12"         # controls without a benchmark belong to this one

    [variables]
    password_max_age_days = 90

    [[switched_off]]
    control = "1.1.1.1"
    reason = "Our appliances boot from cramfs."

    [[waiver]]
    control = "5.1.20"              # or issue = "CVE-2024-6387"
    reason = "The old backup logs in as root."
    owner = "ops@example.org"
    expires = 2027-03-31
    hosts = ["i-1"]                 # every host if left out

    [[waiver.holds]]                # what must stay as it is; `openinspector benchmark --json` prints grounds
    part = "SETTING"
    key = "PermitRootLogin"
    value = "yes"
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from openinspector.cis.benchmarks import BENCHMARKS
from openinspector.cis.catalogue import VARIABLES
from openinspector.model.errors import ModelError
from openinspector.model.ground import Ground, Part
from openinspector.model.tailoring import AS_PUBLISHED, Tailoring, Variable
from openinspector.model.waiver import Waiver, WaiverError, WaiverScope, WaiverVerdict

_SECTIONS: Final = frozenset({"benchmark", "variables", "switched_off", "waiver"})
_WAIVER: Final = frozenset(
    {"control", "issue", "reason", "owner", "expires", "created", "verdict", "hosts", "subject", "holds"}
)
_VARIABLES: Final = {variable.name: variable for variable in VARIABLES}


class TailoringError(ModelError):
    """A tailoring that cannot be applied: it states where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTailoring:
    """A site's choices: what to judge, and which findings are waived."""

    tailoring: Tailoring = AS_PUBLISHED
    waivers: tuple[Waiver, ...] = ()


UNCHANGED: Final = SiteTailoring()
"""The benchmark as it is published."""


def parse(content: Mapping[str, object], today: date, benchmark_id: str = "") -> SiteTailoring:
    """Return the tailoring that a parsed TOML file describes. Raises TailoringError.

    ``benchmark_id`` is the benchmark of controls without one, in a file that does not name one.
    """
    unknown = sorted(content.keys() - _SECTIONS)
    if unknown:
        raise TailoringError(f"unknown section {unknown[0]!r}; there are {', '.join(sorted(_SECTIONS))}")
    names = _Controls(content.get("benchmark", benchmark_id))
    off = {
        names.issue("switched_off", entry): _text("switched_off", entry, "reason")
        for entry in _entries(content, "switched_off")
    }
    waivers = [_waiver(entry, number, names, today) for number, entry in enumerate(_entries(content, "waiver"), 1)]
    listed = [names.issue("switched_off", entry) for entry in _entries(content, "switched_off")]
    _refuse_repetitions(
        listed + [issue for waiver in waivers if not waiver.scope.agent_ids for issue in waiver.scope.issues]
    )
    return SiteTailoring(
        tailoring=Tailoring(variables=dict(_variables(content.get("variables", {}))), switched_off=off),
        waivers=tuple(waivers),
    )


def checked(tailoring: Tailoring) -> Tailoring:
    """Return ``tailoring`` if its variables and controls exist. Raises TailoringError."""
    for name, value in tailoring.variables.items():
        variable = _variable(name)
        if not variable.accepts(value):
            raise TailoringError(f"variable {name} is not {_allowed(name)}")
    names = _Controls("")
    for control, reason in tailoring.switched_off.items():
        names.named("switched_off", control)
        if not reason.strip():
            raise TailoringError(f"switched_off: the reason for {control} is empty")
    return tailoring


class _Controls:
    """The controls of the built-in benchmarks, by name."""

    def __init__(self, benchmark_id: object) -> None:
        if not isinstance(benchmark_id, str) or (benchmark_id and benchmark_id not in _NUMBERS.ids):
            raise TailoringError(f"there is no benchmark {benchmark_id!r}")
        self._benchmark_id = benchmark_id

    def issue(self, section: str, entry: Mapping[str, object]) -> str:
        """Return the stable name of the control that an entry names."""
        return self.named(section, _text(section, entry, "control"))

    def named(self, section: str, control: str) -> str:
        """Return the stable name of a control, with or without its benchmark."""
        benchmark_id, slash, number = control.rpartition("/")
        benchmark_id = benchmark_id if slash else self._benchmark_id
        if not benchmark_id:
            raise TailoringError(
                f'{section}: {control!r} names no benchmark; write "debian_12/{number}", or benchmark = "debian_12"'
            )
        if number not in _NUMBERS.of(benchmark_id):
            raise TailoringError(f"{section}: the benchmark {benchmark_id} has no control {number!r}")
        return f"{benchmark_id}/{number}"


class _Numbers:
    """The numbers of each benchmark's controls; a benchmark is loaded when it is asked for."""

    def __init__(self) -> None:
        self._built_in = {built_in.id: built_in for built_in in BENCHMARKS}

    @property
    def ids(self) -> Iterable[str]:
        """The ids of the benchmarks."""
        return self._built_in.keys()

    def of(self, benchmark_id: str) -> frozenset[str]:
        """Return the numbers of a benchmark's controls; none if there is no such benchmark."""
        built_in = self._built_in.get(benchmark_id)
        return frozenset(control.number for control in built_in.load().controls) if built_in else frozenset()


_NUMBERS: Final = _Numbers()


def _variables(section: object) -> Iterable[tuple[str, str]]:
    if not isinstance(section, dict):
        raise TailoringError("variables is not a table")
    for name, value in section.items():
        variable = _variable(name)
        text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        if not variable.accepts(text):
            raise TailoringError(f"variable {name} is not {_allowed(name)}")
        yield name, text


def _variable(name: str) -> Variable:
    if name not in _VARIABLES:
        raise TailoringError(f"unknown variable {name!r}; there are {', '.join(sorted(_VARIABLES))}")
    return _VARIABLES[name]


def _allowed(name: str) -> str:
    choices = _VARIABLES[name].choices
    return f"one of {', '.join(choices)}" if choices else "a number from 0"


def _entries(content: Mapping[str, object], section: str) -> Sequence[Mapping[str, object]]:
    entries = content.get(section, [])
    if not isinstance(entries, list):
        raise TailoringError(f"{section} is not a list of tables: write [[{section}]]")
    for entry in entries:
        if not isinstance(entry, dict):
            raise TailoringError(f"an entry of {section} is not a table")
    return entries


def _waiver(entry: Mapping[str, object], number: int, names: _Controls, today: date) -> Waiver:
    unknown = sorted(entry.keys() - _WAIVER)
    if unknown:
        raise TailoringError(f"waiver {number}: unknown key {unknown[0]!r}; there are {', '.join(sorted(_WAIVER))}")
    issue = _text("waiver", entry, "issue") if "issue" in entry else names.issue("waiver", entry)
    expires = _day(entry, "expires", issue)
    created = _day(entry, "created", issue) if "created" in entry else min(today, expires)
    hosts = entry.get("hosts", [])
    if not isinstance(hosts, list) or not all(isinstance(host, str) for host in hosts):
        raise TailoringError(f"waiver of {issue}: hosts is not a list of agent ids")
    try:
        return Waiver(
            id=f"waiver {number}",
            verdict=_verdict(entry),
            scope=WaiverScope(issues=(issue,), subject=str(entry.get("subject", "*")), agent_ids=tuple(hosts)),
            reason=_text("waiver", entry, "reason"),
            owner=_text("waiver", entry, "owner"),
            created_on=created,
            expires=expires,
            holds=tuple(_ground(held) for held in _entries(entry, "holds")),
        )
    except WaiverError as error:
        raise TailoringError(f"waiver of {issue}: {error}", advice=error.advice) from error


def _verdict(entry: Mapping[str, object]) -> WaiverVerdict:
    text = str(entry.get("verdict", WaiverVerdict.ACCEPTED)).upper()
    if text not in WaiverVerdict.__members__:
        raise TailoringError(f"waiver: the verdict {text!r} is not one of {', '.join(WaiverVerdict)}")
    return WaiverVerdict(text)


def _ground(held: Mapping[str, object]) -> Ground:
    part = _text("holds", held, "part").upper()
    if part not in Part.__members__:
        raise TailoringError(f"holds: the part {part!r} is not one of {', '.join(Part)}")
    return Ground(part=Part(part), key=_text("holds", held, "key"), value=_text("holds", held, "value"))


def _day(entry: Mapping[str, object], key: str, issue: str) -> date:
    day = entry.get(key)
    if type(day) is not date:
        raise TailoringError(f"waiver of {issue}: {key} is not a day such as 2027-03-31")
    return day


def _text(section: str, table: Mapping[str, object], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise TailoringError(f"{section}: {key} is missing or empty")
    return value


def _refuse_repetitions(issues: Sequence[str]) -> None:
    repeated = next((issue for issue in issues if issues.count(issue) > 1), None)
    if repeated is not None:
        raise TailoringError(f"{repeated} is switched off or waived twice")
