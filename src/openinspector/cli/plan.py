"""`openinspector plan`: the fewest upgrades, restarts and reboots that close the most findings. Nothing is run.

It reads the telemetry of a run, which the API does not return: run it where the service's data is. A file of facts and
advisories needs no service.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from openinspector.model.errors import OpenInspectorError
from openinspector.model.plan import PlanLimit

if TYPE_CHECKING:
    from openinspector.model.plan import Plan, Step


class PlanError(OpenInspectorError):
    """A plan that cannot be made."""


@click.command()
@click.option("--run", "run_arn", metavar="ARN", help="Hosts of this run; default the newest that has ended.")
@click.option("--host", "host", metavar="ID", help="Only this host, in its newest run unless --run is given.")
@click.option("--facts", "facts_file", metavar="FILE", help="A host from a file, as for evaluate; needs --advisories.")
@click.option("--advisories", "advisories_file", metavar="FILE|DIR", help="Advisories for --facts.")
@click.option(
    "--allow",
    "limit",
    type=click.Choice([limit.value for limit in PlanLimit]),
    default=PlanLimit.ALL.value,
    show_default=True,
    help="Actions that are allowed besides upgrades.",
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the installation.")
@click.option("--shell", "output", flag_value="shell", help="Print lines of sh.")
@click.option("--ansible", "output", flag_value="ansible", help="Print an Ansible playbook.")
@click.option("--json", "output", flag_value="json", help="Print JSON.")
def plan(  # noqa: PLR0913 - one option a thing to choose
    *,
    run_arn: str | None,
    host: str | None,
    facts_file: str | None,
    advisories_file: str | None,
    limit: str,
    data_dir: Path | None,
    output: str | None,
) -> None:
    """Plan what to upgrade and to restart on the hosts of a run, the most urgent first."""
    from openinspector.cli.plan_output import plan_json, playbook, shell_lines
    from openinspector.cli.presentation import print_json

    if (facts_file is None) != (advisories_file is None):
        raise click.UsageError("--facts and --advisories belong together.")
    if facts_file is not None:
        plans = [_of_file(facts_file, advisories_file, PlanLimit(limit))]
    else:
        plans = list(_of_run(data_dir, run_arn, host, PlanLimit(limit)))
    match output:
        case "json":
            print_json([plan_json(one) for one in plans])
        case "ansible":
            click.echo(playbook(plans), nl=False)
        case "shell":
            for one in plans:
                click.echo("\n".join(shell_lines(one)))
        case _:
            _print(plans)


def _of_file(facts_file: str, advisories_file: str | None, limit: PlanLimit) -> "Plan":
    from openinspector.cli.evaluate import index_of
    from openinspector.cli.facts_file import read_host
    from openinspector.engine.plan import plan_of

    return plan_of(read_host(facts_file, None).facts, index_of(advisories_file), limit)


def _of_run(data_dir: Path | None, run_arn: str | None, host: str | None, limit: PlanLimit) -> "Iterator[Plan]":
    from openinspector.cli.serve import settings_from
    from openinspector.engine.plan import plan_of
    from openinspector.model.agent import AgentId
    from openinspector.service.stored_run_access import open_stored_runs

    runs = open_stored_runs(settings_from(data_dir))
    agent = AgentId(host) if host else None
    run = runs.run(run_arn) if run_arn else runs.newest(agent)
    hosts = runs.hosts(run)
    if agent is not None and agent not in hosts:
        raise PlanError(f"{host} is not a host of {run.arn}", advice="`openinspector runs list` shows the runs.")
    for one in [agent] if agent else hosts:
        facts = runs.facts(run, one)
        if not facts.sensors:
            click.echo(f"{one} sent no telemetry in this run.", err=True)
            continue
        yield plan_of(facts, runs.index_for(facts), limit)


def _print(plans: "list[Plan]") -> None:
    from rich.text import Text

    from openinspector.cli.presentation import console, print_table

    out = console()
    steps: dict[tuple[str, ...], list[tuple[Plan, Step]]] = {}
    for one in plans:
        for step in one.steps:
            steps.setdefault((step.source, *(f"{goal.name} {goal.required}" for goal in step.goals)), []).append(
                (one, step)
            )
    rows = [_row(found, several=len(plans) > 1) for found in steps.values()]
    headings = ("UPGRADE", "TO", "CLOSES", "KEV", "EPSS", "CVSS", "EXPOSURE", "THEN")
    if rows or not any(one.windows for one in plans):
        print_table((*headings, *(("HOSTS",) if len(plans) > 1 else ())), rows, empty="No upgrade closes a finding.")
        out.print()
    for one in plans:
        for line in _host_lines(one):
            out.print(Text(line))


def _host_lines(one: "Plan") -> "Iterator[str]":
    """Yield what belongs to one host: the summary, what to restart and what remains."""
    from openinspector.cli.plan_output import comment, windows_line

    yield comment(one)
    if one.windows is not None:
        yield windows_line(one.windows)
    if one.restarts:
        yield f"Services to restart: {', '.join(one.restarts)}."
    if one.reboot is not None:
        yield f"Restart the host: {' '.join(one.reboot.reasons)}"
    reasons = Counter(remaining.why.lower().replace("_", " ") for remaining in one.remains)
    if reasons:
        yield "Remain: " + ", ".join(f"{count} {why}" for why, count in sorted(reasons.items())) + "."


def _row(found: "list[tuple[Plan, Step]]", *, several: bool) -> tuple[str, ...]:
    """Return one line for a step that some hosts have in common."""
    _, step = found[0]
    versions = dict.fromkeys(goal.required for goal in step.goals)
    closes = sum(len(one.closes) for _, one in found)
    then = "restart the host" if step.reboot else f"restart {len(step.restarts)} services" if step.restarts else ""
    hosts = {plan.agent_id for plan, _ in found}
    return (
        step.source if len(step.goals) == 1 else f"{step.source} ({len(step.goals)} packages)",
        ", ".join(versions),
        str(closes),
        str(step.urgency.exploited or ""),
        f"{step.urgency.epss:.3f}" if step.urgency.epss else "",
        str(step.urgency.score or ""),
        step.urgency.exposure.lower().replace("_", " "),
        then,
        *((str(len(hosts)),) if several else ()),
    )
