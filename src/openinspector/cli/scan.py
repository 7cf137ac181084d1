"""`openinspector scan`: assess a root folder on this machine, without an agent or a service (agentless mode).

Exit statuses: 0 assessed, whatever was found; 1 the folder cannot be assessed; 2 wrong usage; 5 something at least as
severe as --fail-on was found.
"""

import posixpath
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from openinspector.cli.evaluate import by_products_option, package_option
from openinspector.cli.presentation import SEVERITY_ORDER
from openinspector.garbage import no_garbage
from openinspector.model.errors import OpenInspectorError
from openinspector.model.foreign_text import printable_line
from openinspector.model.rules_package import RulesPackageName

if TYPE_CHECKING:
    from openinspector.engine.evaluate import HostEvaluation
    from openinspector.engine.match import AdvisoryIndex
    from openinspector.engine.rule import Rule
    from openinspector.model.facts import HostFacts
    from openinspector.model.finding import Finding
    from openinspector.wire.telemetry import TelemetryMessage

_FOUND: Final = 5
_OF_HOST: Final = ("os_release", "instance_metadata")
_SHOWN_PACKAGES: Final = 3
_ADVICE: Final = (
    "Give the folder that holds the system's etc, usr and var. Mount a disk image first, read-only "
    "(mount -o ro,loop IMAGE FOLDER); unpack a container (docker export CONTAINER | tar -x -C FOLDER)."
)


class ScanError(OpenInspectorError):
    """A folder that cannot be assessed."""


@click.command()
@click.option("--root", required=True, metavar="DIR", help="Folder to take for /; no link leads out of it.")
@click.option("--advisories", "advisories_file", metavar="FILE", help="Advisories; default those synced by feeds.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the installation with the feeds.")
@package_option
@by_products_option
@click.option("--facts", "facts_file", metavar="FILE", help="Also write what was collected, for evaluate.")
@click.option("--agent-id", metavar="ID", help="What to call the host.")
@click.option("--fail-on", type=click.Choice(SEVERITY_ORDER, case_sensitive=False), help="Exit with 5 if found.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
@no_garbage(process_ends=True)
def scan(  # noqa: PLR0913 - one option a thing to choose
    ctx: click.Context,
    *,
    root: str,
    advisories_file: str | None,
    data_dir: Path | None,
    packages: tuple[str, ...],
    single_by_products: bool,
    facts_file: str | None,
    agent_id: str | None,
    fail_on: str | None,
    as_json: bool,
) -> None:
    """Assess the system in a folder: a mounted disk image, a container's root, a chroot; / is this host.

    Nothing in DIR is run or changed. Facts that only a running system has are not assessed; the result shows them.
    """
    from openinspector.cli.evaluate import chosen_rules, coverage_json, index_of, judge
    from openinspector.cli.facts_file import facts_of

    rules = chosen_rules(packages, has_advisories=True)
    with _progress() as say:
        messages = _collect(root, None if facts_file or not packages else _sensors(rules), say)
        facts = facts_of(messages, agent_id)
        _require_system(root, facts)
        if facts_file is not None:
            _write(facts_file, messages)
        say("advisories")
        index = index_of(advisories_file) if advisories_file else _stored(ctx, data_dir, facts.distribution)
        say("rules")
        result = judge(facts, rules, index, single_by_products=single_by_products)
    if as_json:
        covered = coverage_json(facts, index) if RulesPackageName.COMMON_VULNERABILITIES in rules else {}
        _print_json(root, facts, result, covered)
    else:
        _print(facts, result)
        if posixpath.normpath(root) != "/":
            click.echo(f"{printable_line(root)} does not run: what only a running system can tell was not assessed.")
    if fail_on is not None and any(_rank(finding) <= SEVERITY_ORDER.index(fail_on) for finding in result.findings):
        sys.exit(_FOUND)


def _sensors(rules: "Mapping[str, Iterable[Rule]]") -> frozenset[str]:
    """Return the sensors whose records the rules read, and those that name the host."""
    read = (
        sensor
        for package_rules in rules.values()
        for rule in package_rules
        for sensor in (*rule.sensors, *rule.optional_sensors)
    )
    return frozenset((*_OF_HOST, *read))


def _collect(root: str, only: frozenset[str] | None, say: Callable[[str], None]) -> "list[TelemetryMessage]":
    """Return the messages of every sensor; of ``only`` these, if the folder is not that of this running host."""
    from openinspector.agent.hosts.local_host import LocalHost
    from openinspector.agent.registry import sensors
    from openinspector.agent.sensing import collect_messages

    path = Path(root)
    if not path.is_dir():
        what = "is a file, not a folder" if path.is_file() else "is not a folder"
        raise ScanError(f"{root} {what}", advice=_ADVICE)
    if posixpath.normpath(root) == "/":
        only = None
    messages = []
    for message in collect_messages(tuple(sensors(only)), 1, LocalHost(root)):
        say(message.sensor)
        messages.append(message)
    return messages


def _require_system(root: str, facts: "HostFacts") -> None:
    from openinspector.model.inventory import OperatingSystem, Package

    if facts.only(OperatingSystem) is None and facts.only(Package) is None:
        gaps = [detail for status in facts.sensors.values() if status.state == "PARTIAL" for detail in status.details]
        because = f" ({gaps[0]})" if gaps else ""
        raise ScanError(f"{root} holds no os-release and no package database{because}", advice=_ADVICE)


def _write(path: str, messages: "list[TelemetryMessage]") -> None:
    import msgspec

    from openinspector.agent.files.atomic_file import write_atomically

    try:
        write_atomically(Path(path), b"".join(msgspec.json.encode(message) + b"\n" for message in messages))
    except OSError as error:
        raise ScanError(f"{path} cannot be written: {error.strerror or error}") from error


def _stored(ctx: click.Context, data_dir: Path | None, distribution: str) -> "AdvisoryIndex":
    """Return the installation's advisories for a distribution. Without an installation, return none and create nothing.

    The context's object opens another store.
    """
    from openinspector.cli.serve import settings_of_environment
    from openinspector.engine.match import AdvisoryIndex
    from openinspector.plugins import discover
    from openinspector.service.advisory_access import open_advisory_reader
    from openinspector.service.ports.advisory_store import AdvisoryReader
    from openinspector.service.settings import Settings
    from openinspector.service.worker.advisories import AdvisoryCache
    from openinspector.version import VersionScheme

    opener: Callable[[Settings], AdvisoryReader | None] = ctx.obj or open_advisory_reader
    reader = opener(settings_of_environment(data_dir))
    if reader is None:
        return AdvisoryIndex.empty()
    schemes = discover("openinspector.versions", "SCHEME", VersionScheme)
    return AdvisoryCache(reader, schemes).index_for([distribution])


def _print_json(root: str, facts: "HostFacts", result: "HostEvaluation", covered: dict[str, object]) -> None:
    from openinspector.cli.evaluate import evaluation_json
    from openinspector.cli.presentation import print_json

    print_json(
        {
            "root": root,
            **evaluation_json(facts, result),
            **covered,
            "severities": _severities(result),
            "packages": _packages(facts),
            "sensors": [
                {"name": name, "state": status.state, "records": status.records, "details": status.details}
                for name, status in sorted(facts.sensors.items())
            ],
        }
    )


def _print(facts: "HostFacts", result: "HostEvaluation") -> None:
    from openinspector.cli.evaluate import print_benchmarks, print_exclusions
    from openinspector.cli.presentation import print_paragraph, print_table, severity_text

    found = sorted(result.findings, key=_rank)
    rows = [(severity_text(finding.severity), finding.rule_id, _about(finding)) for finding in found]
    print_table(("SEVERITY", "RULE", "ABOUT"), rows, empty="No findings.")
    print_paragraph()
    print_exclusions(result)
    print_benchmarks(facts, result)
    for line in _summary(facts, result):
        print_paragraph(line)


def _about(finding: "Finding") -> str:
    """Return packages, versions and fixed versions; the title for other rules."""
    from openinspector.engine.finding_text import finding_text
    from openinspector.model.finding import OutdatedByProduct, VulnerablePackages, VulnerableWindows

    match finding.body:
        case VulnerablePackages(packages=packages):
            found = [(one.package.name, one.version, one.comparison.fixed) for one in packages]
        case VulnerableWindows(product=product, build=build, fixed=fixed):
            found = [(product, build, fixed)]
        case OutdatedByProduct(package=package, fixed=fixed):
            found = [(package.name, package.version, fixed)]
        case _:
            return finding_text(finding).title
    every = dict.fromkeys(
        f"{name} {version} {f'→ {fixed}' if fixed else '(no fix yet)'}" for name, version, fixed in found
    )
    shown = ", ".join(list(every)[:_SHOWN_PACKAGES])
    return shown if len(every) <= _SHOWN_PACKAGES else f"{shown} and {len(every) - _SHOWN_PACKAGES} more"


def _summary(facts: "HostFacts", result: "HostEvaluation") -> Iterator[str]:
    from openinspector.engine.outcome_kind import OutcomeKind
    from openinspector.model.inventory import OperatingSystem, SensorState

    system = facts.only(OperatingSystem)
    packages = ", ".join(f"{count} {manager}" for manager, count in _packages(facts).items())
    yield f"{(system.name if system else '') or 'Unknown system'}; packages: {packages or 'none'}."
    severities = [f"{count} {severity}" for severity, count in _severities(result).items() if count]
    yield f"Findings: {', '.join(severities) or 'none'}."
    for name, status in sorted(facts.sensors.items()):
        if status.state not in (SensorState.OK, SensorState.NOT_APPLICABLE):
            yield f"The sensor {name} did not see everything: {' '.join(status.details)}"
    counts = Counter(noted.outcome for noted in result.rule_results)
    yield "Rules: " + ", ".join(f"{counts[k]} {k.lower().replace('_', ' ')}" for k in OutcomeKind if counts[k]) + "."
    absent = [n for n, status in sorted(facts.sensors.items()) if status.state is SensorState.NOT_APPLICABLE]
    if absent:
        yield f"Nothing there for the sensors {', '.join(absent)}."


def _severities(result: "HostEvaluation") -> dict[str, int]:
    counts = Counter(str(finding.severity) for finding in result.findings)
    return {severity: counts[severity] for severity in SEVERITY_ORDER}


def _packages(facts: "HostFacts") -> dict[str, int]:
    from openinspector.model.inventory import Package

    return dict(sorted(Counter(str(package.manager) for package in facts.all(Package)).items()))


def _rank(finding: "Finding") -> int:
    return SEVERITY_ORDER.index(finding.severity)


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show the current sensor on standard error if it is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _what: None
        return
    from rich.console import Console

    out = Console(stderr=True, highlight=False)
    with out.status("starting") as status:
        yield status.update
