"""`openinspector runs`: start, watch and stop assessment runs."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from openinspector.cli.client import arns, described, own_client, with_client, with_own_client
from openinspector.cli.presentation import console, print_json, print_table, state_text, time_text
from openinspector.cli.run_agents import list_run_agents

if TYPE_CHECKING:
    from botocore.client import BaseClient

ENDED_BADLY = 4


@click.group()
def runs() -> None:
    """Start, watch and stop assessment runs."""


runs.add_command(list_run_agents)


@runs.command("list")
@click.option("--template", "template_arn", metavar="ARN", help="Only runs of this template.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_client
def list_runs(client: "BaseClient", *, template_arn: str | None, as_json: bool) -> None:
    """List assessment runs."""
    only = {"assessmentTemplateArns": [template_arn]} if template_arn else {}
    wanted = list(arns(client, "list_assessment_runs", "assessmentRunArns", **only))
    found = list(described(client, "describe_assessment_runs", "assessmentRunArns", "assessmentRuns", wanted))
    if as_json:
        print_json(found)
        return
    print_table(
        ("NAME", "STATE", "FINDINGS", "CREATED", "ARN"),
        [
            (
                r["name"],
                state_text(r["state"]),
                str(sum(r["findingCounts"].values())),
                time_text(r["createdAt"]),
                r["arn"],
            )
            for r in found
        ],
        empty="No assessment runs. Start one: openinspector runs start TEMPLATE_ARN --watch",
    )


@runs.command("start")
@click.argument("template_arn")
@click.option("--name", metavar="NAME", help="Name of the run; default: derived from the template's.")
@click.option("--watch", is_flag=True, help="Show progress until the run ends.")
@with_client
def start_run(client: "BaseClient", *, template_arn: str, name: str | None, watch: bool) -> None:
    """Start a run of a template. Prints its ARN."""
    named = {"assessmentRunName": name} if name else {}
    run_arn = client.start_assessment_run(assessmentTemplateArn=template_arn, **named)["assessmentRunArn"]
    click.echo(run_arn)
    if watch:
        _watch(client, run_arn, as_json=False)


@runs.command("watch")
@click.argument("run_arn")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON when it has ended.")
@with_client
def watch(client: "BaseClient", *, run_arn: str, as_json: bool) -> None:
    """Show a run's progress until it ends; exit status 4 unless it completed."""
    _watch(client, run_arn, as_json=as_json)


@runs.command("stop")
@click.argument("run_arn")
@click.option("--discard", is_flag=True, help="Cancel the run instead of evaluating the collected data.")
@with_client
def stop_run(client: "BaseClient", *, run_arn: str, discard: bool) -> None:
    """Stop a run."""
    action = "SKIP_EVALUATION" if discard else "START_EVALUATION"
    client.stop_assessment_run(assessmentRunArn=run_arn, stopAction=action)


@runs.command("delete")
@click.argument("run_arn")
@with_client
def delete_run(client: "BaseClient", *, run_arn: str) -> None:
    """Delete a run with its findings."""
    client.delete_assessment_run(assessmentRunArn=run_arn)


@runs.command("exclusions")
@click.argument("run_arn")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_client
def list_exclusions(client: "BaseClient", *, run_arn: str, as_json: bool) -> None:
    """List the checks of a run that could not be completed, and how to fix that."""
    wanted = list(arns(client, "list_exclusions", "exclusionArns", assessmentRunArn=run_arn))
    found = []
    for start in range(0, len(wanted), 100):
        answer = client.describe_exclusions(exclusionArns=wanted[start : start + 100])
        found += list(answer["exclusions"].values())
    if as_json:
        print_json(found)
        return
    print_table(
        ("EXCLUSION", "WHAT TO DO", "SCOPE"),
        [
            (e["title"], e["recommendation"], "\n".join(scope["value"] for scope in e["scopes"]))
            for e in sorted(found, key=lambda e: (e["title"], e["arn"]))
        ],
        empty="Every check of the run was completed.",
    )


@runs.command("benchmark")
@click.argument("run_arn")
@click.option("--all", "every", is_flag=True, help="Every control, not failed ones only.")
@click.option("--json", "output", flag_value="json", help="Print JSON.")
@click.option("--csv", "output", flag_value="csv", help="Print one line a control.")
@with_own_client
def show_benchmarks(client: "BaseClient", *, run_arn: str, every: bool, output: str | None) -> None:
    """Show how the controls of CIS benchmarks came out in a run: passed, failed, not judged."""
    from openinspector.cli.run_benchmark import benchmarks_csv, print_benchmarks

    found = client.get_benchmark_results(assessmentRunArn=run_arn)["benchmarks"]
    if output == "json":
        print_json(found)
    elif output == "csv":
        click.echo(benchmarks_csv(found), nl=False)
    else:
        print_benchmarks(found, every=every)


_VERDICTS = {"affected": "AFFECTED", "not-affected": "NOT_AFFECTED", "not-assessed": "NOT_ASSESSED"}


@runs.command("coverage")
@click.argument("run_arn")
@click.option("--agent", "agents", multiple=True, metavar="ID", help="Only packages of these hosts.")
@click.option("--verdict", "verdicts", multiple=True, type=click.Choice(list(_VERDICTS)), help="Only this conclusion.")
@click.option("--summary", is_flag=True, help="Only the numbers.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_own_client
def show_coverage(  # noqa: PLR0913 - one a click option
    client: "BaseClient",
    *,
    run_arn: str,
    agents: tuple[str, ...],
    verdicts: tuple[str, ...],
    summary: bool,
    as_json: bool,
) -> None:
    """Show the conclusion on each package of each host of a run: affected, not affected or not assessed."""
    from openinspector.cli.run_coverage import coverage_lines, print_coverage

    counts = client.get_run_coverage(assessmentRunArn=run_arn)
    counts.pop("ResponseMetadata")
    packages = []
    if not summary:
        only = {"agentIds": list(agents)} if agents else {}
        pages = client.get_paginator("list_package_coverage").paginate(
            assessmentRunArn=run_arn, PaginationConfig={"PageSize": 500}, **only
        )
        wanted = {_VERDICTS[verdict] for verdict in verdicts or _VERDICTS}
        packages = [row for page in pages for row in page["packages"] if row["verdict"] in wanted]
    if as_json:
        print_json({"summary": counts, "packages": packages})
        return
    if not summary:
        print_coverage(packages)
    _print_lines(coverage_lines(counts))


def _print_coverage(run_arn: str) -> None:
    """Print the coverage of a run in numbers, if its packages were judged."""
    from openinspector.cli.run_coverage import coverage_lines

    counts = own_client().get_run_coverage(assessmentRunArn=run_arn)
    if counts["hosts"]:
        _print_lines(coverage_lines(counts))


def _benchmark_lines(run_arn: str) -> Iterable[str]:
    """Return the numbers of each benchmark that was judged in a run."""
    from openinspector.cli.run_benchmark import three_numbers

    found = own_client().get_benchmark_results(assessmentRunArn=run_arn)["benchmarks"]
    return [f"{one['product']} Benchmark v{one['version']}: {three_numbers(one)}." for one in found]


def _print_lines(lines: Iterable[str]) -> None:
    out = console()
    for line in filter(None, lines):
        out.print(line, markup=False)


def _watch(client: "BaseClient", run_arn: str, *, as_json: bool) -> None:
    from rich.console import Console

    from openinspector.cli.run_progress import run_summary, watch_run

    run = watch_run(client, run_arn, Console(stderr=as_json, highlight=False))
    if as_json:
        print_json(run)
    else:
        console().print(run_summary(run))
    if run["state"] not in ("COMPLETED", "COMPLETED_WITH_ERRORS"):
        sys.exit(ENDED_BADLY)
    if not as_json:
        _print_coverage(run_arn)
        _print_lines(_benchmark_lines(run_arn))
