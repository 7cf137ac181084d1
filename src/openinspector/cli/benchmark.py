"""`openinspector benchmark`: a host's CIS benchmark by section, from a file of facts or from a past run."""

import csv
import io
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datetime import date

    from openinspector.cis.benchmark import Benchmark, Profile
    from openinspector.cis.report import BenchmarkReport, ReportedControl
    from openinspector.cis.tailoring_file import SiteTailoring
    from openinspector.model.facts import HostFacts


@click.command()
@click.argument("facts_file", required=False)
@click.option("--host", "host", metavar="ID", help="Judge a host of a past run instead; needs the service's data.")
@click.option("--run", "run_arn", metavar="ARN", help="Run of --host; default its newest that has ended.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the installation.")
@click.option(
    "--content",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Judge by a SCAP data stream instead; without --profile, list its profiles.",
)
@click.option("--profile", "label", metavar="PROFILE", help='Only the controls of a profile: "Level 1 Server".')
@click.option(
    "--tailoring",
    "tailoring_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Variables, controls switched off and waivers, as TOML.",
)
@click.option("--agent-id", metavar="ID", help="What to call the host.")
@click.option("--all", "show_all", is_flag=True, help="Show evidence of every control, not only of failed ones.")
@click.option("--json", "output", flag_value="json", help="Print JSON.")
@click.option("--csv", "output", flag_value="csv", help="Print one line per control.")
@click.option("--xccdf", "output", flag_value="xccdf", help="Print XCCDF 1.2 results.")
def benchmark(  # noqa: PLR0913 - one option a thing to choose
    *,
    facts_file: str | None,
    host: str | None,
    run_arn: str | None,
    data_dir: Path | None,
    content: Path | None,
    label: str | None,
    tailoring_file: Path | None,
    agent_id: str | None,
    show_all: bool,
    output: str | None,
) -> None:
    """Judge FACTS_FILE ("-" for standard input) by the CIS benchmark of its operating system.

    FACTS_FILE is what `openinspector agent collect --dry-run --json` prints. With --host, the telemetry of a past run
    is judged, with the tailoring and the waivers of the run's template. With --content, the rules are those of a SCAP
    data stream; its fixes and scripts are left out, and what no agent sends is not known.
    """
    from datetime import UTC, datetime

    from openinspector.cis.report import report

    if (facts_file is None) == (host is None):
        raise click.UsageError("Give either FACTS_FILE or --host.")
    facts, tailoring = _of_file(facts_file, agent_id) if facts_file else _of_run(data_dir, run_arn, str(host))
    if content is not None:
        _by_content(content, label, facts, tailoring_file, output)
        return
    chosen = _benchmark_of(facts)
    now = datetime.now(UTC)
    if tailoring_file:
        tailoring = _tailoring(tailoring_file, chosen, now.date())
    result = report(chosen, facts, today=now.date(), tailoring=tailoring)
    if label:
        result = result.limited_to(_profile(chosen, label))
    match output:
        case "json":
            from openinspector.cli.presentation import print_json

            print_json({"agentId": facts.agent_id, **report_json(result)})
        case "csv":
            click.echo(_csv(result), nl=False)
        case "xccdf":
            from openinspector.cis.xccdf import xccdf

            click.echo(xccdf(result, facts.agent_id, now).decode())
        case _:
            _print(result, show_all=show_all)


def _by_content(
    content: Path, label: str | None, facts: "HostFacts", tailoring_file: Path | None, output: str | None
) -> None:
    from openinspector.cli.content_benchmark import judge_by_content, read_content

    if tailoring_file is not None or output in ("csv", "xccdf"):
        raise click.UsageError("--tailoring, --csv and --xccdf are of the built-in benchmarks, not of --content.")
    judge_by_content(read_content(content), label, facts, as_json=output == "json")


def _of_file(path: str, agent_id: str | None) -> "tuple[HostFacts, SiteTailoring]":
    from openinspector.cis.tailoring_file import UNCHANGED
    from openinspector.cli.facts_file import read_host

    return read_host(path, agent_id).facts, UNCHANGED


def _of_run(data_dir: Path | None, run_arn: str | None, host: str) -> "tuple[HostFacts, SiteTailoring]":
    from openinspector.cli.serve import settings_from
    from openinspector.model.agent import AgentId
    from openinspector.service.stored_run_access import open_stored_runs

    runs = open_stored_runs(settings_from(data_dir))
    agent = AgentId(host)
    run = runs.run(run_arn) if run_arn else runs.newest(agent)
    facts = runs.facts(run, agent)
    if not facts.sensors:
        raise click.ClickException(f"{host} sent no telemetry in {run.arn}.")
    return facts, runs.site_of(run)


def _benchmark_of(facts: "HostFacts") -> "Benchmark":
    from openinspector.cis.benchmarks import benchmark_for
    from openinspector.model.inventory import OperatingSystem

    system = facts.only(OperatingSystem)
    found = benchmark_for(system) if system else None
    if found is None:
        raise click.ClickException(f"No benchmark for {facts.distribution or 'an unknown system'} is built in.")
    return found


def _profile(chosen: "Benchmark", label: str) -> "Profile":
    profiles = {profile.label.lower(): profile for profile in chosen.profiles}
    if label.lower() not in profiles:
        labels = ", ".join(f'"{profile.label}"' for profile in chosen.profiles)
        raise click.BadParameter(f"{chosen.product} has {labels}.", param_hint="--profile")
    return profiles[label.lower()]


def _tailoring(path: Path, chosen: "Benchmark", today: "date") -> "SiteTailoring":
    from openinspector.cis.tailoring_file import TailoringError, parse

    try:
        return parse(tomllib.loads(path.read_text()), today, chosen.id)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TailoringError) as error:
        raise click.BadParameter(f"{path}: {error}", param_hint="--tailoring") from error


def profile_counts(facts: "HostFacts") -> list[dict[str, object]]:
    """Return the numbers of each profile of the benchmark that covers a host; empty if none does."""
    from datetime import date

    from openinspector.cis.benchmarks import benchmark_for
    from openinspector.cis.report import report
    from openinspector.model.inventory import OperatingSystem

    system = facts.only(OperatingSystem)
    found = benchmark_for(system) if system else None
    if found is None:
        return []
    whole = report(found, facts, today=date.min)  # without waivers, the day does not matter
    return [
        {"title": found.title(profile), "profile": profile.label, **counts_json(whole.limited_to(profile).controls)}
        for profile in found.profiles
    ]


def report_json(result: "BenchmarkReport") -> dict[str, object]:
    """Return a benchmark report as the command line prints it in JSON."""
    return {
        "benchmark": result.benchmark.id,
        "product": result.benchmark.product,
        "version": result.benchmark.version,
        "newerVersion": result.benchmark.newer,
        "profile": result.profile.label if result.profile else "",
        "counts": counts_json(result.controls),
        "sections": [
            {"section": section, "counts": counts_json(controls)} for section, controls in result.sections.items()
        ],
        "controls": [_control_json(each) for each in result.worst_first],
    }


def counts_json(controls: "Sequence[ReportedControl]") -> dict[str, object]:
    """Return the number of controls of each status, and the share passed of those that passed or failed."""
    from openinspector.cis.report import ControlStatus, counts, share_passed

    found = counts(controls)
    share = share_passed(controls)
    return {
        "passed": found[ControlStatus.PASSED],
        "failed": found[ControlStatus.FAILED],
        "notJudged": found[ControlStatus.NOT_JUDGED],
        "waived": found[ControlStatus.WAIVED],
        "notApplicable": found[ControlStatus.NOT_APPLICABLE],
        "switchedOff": found[ControlStatus.SWITCHED_OFF],
        "sharePassed": None if share is None else round(share, 4),
    }


def _control_json(reported: "ReportedControl") -> dict[str, object]:
    from openinspector.cis.report import explanation, remedy

    return {
        "control": reported.control.number,
        "title": reported.control.title,
        "status": reported.status,
        "severity": reported.control.severity,
        "because": explanation(reported),
        "remedy": remedy(reported),
        "note": reported.note,
        "grounds": [{"part": g.part, "key": g.key, "value": g.value} for g in reported.grounds],
    }


def _csv(result: "BenchmarkReport") -> str:
    from openinspector.cis.report import explanation, remedy

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("control", "title", "status", "because", "remedy", "note"))
    for each in result.controls:
        row = (each.control.number, each.control.title, each.status, explanation(each), remedy(each), each.note)
        writer.writerow([_no_formula(cell) for cell in row])
    return out.getvalue()


def _no_formula(cell: str) -> str:
    """Return ``cell`` so that no spreadsheet interprets it as a formula: hosts write parts of it."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _print(result: "BenchmarkReport", *, show_all: bool) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from openinspector.cis.report import ControlStatus, explanation, remedy
    from openinspector.cli.presentation import console, print_table

    out = console()
    shown = set(ControlStatus) if show_all else {ControlStatus.FAILED, ControlStatus.WAIVED}
    for each in result.worst_first:
        if each.status not in shown:
            continue
        title = f"{each.control.number} {each.control.title}"
        out.print(Text(f"{each.status.replace('_', ' ').lower()}: ", style="yellow") + Text(title, style="bold"))
        for text in filter(None, (explanation(each), remedy(each), each.note)):
            out.print(Padding(Text(text), (0, 0, 0, 2)))
        out.print()
    profile = f", {result.profile.label}" if result.profile else ""
    out.print(Text(f"{result.benchmark.product}, version {result.benchmark.version}{profile}", style="bold"))
    rows = [_row(f"Section {section}", controls) for section, controls in result.sections.items()]
    columns = ("", "PASSED", "FAILED", "NOT JUDGED", "WAIVED", "NOT APPLICABLE", "OFF", "SHARE PASSED")
    print_table(columns, [*rows, _row("All", result.controls)], empty="No controls.")


def _row(name: str, controls: "Sequence[ReportedControl]") -> tuple[str, ...]:
    from openinspector.cis.report import ControlStatus, counts, share_passed

    found = counts(controls)
    share = share_passed(controls)
    order = (
        ControlStatus.PASSED,
        ControlStatus.FAILED,
        ControlStatus.NOT_JUDGED,
        ControlStatus.WAIVED,
        ControlStatus.NOT_APPLICABLE,
        ControlStatus.SWITCHED_OFF,
    )
    return (name, *(str(found[status]) for status in order), "–" if share is None else f"{100 * share:.0f} %")
