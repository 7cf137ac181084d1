"""`openinspector findings`: list and explain findings."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click
from rich.text import Text

from openinspector.cli.client import REFUSED, arns, described, with_client
from openinspector.cli.presentation import (
    SEVERITY_ORDER,
    attribute,
    console,
    print_json,
    print_table,
    severity_text,
)
from openinspector.model.exposure import EXPOSURE_ORDER, Exposure
from openinspector.model.foreign_text import printable, printable_line

if TYPE_CHECKING:
    from botocore.client import BaseClient


@click.group()
def findings() -> None:
    """List and explain findings."""


@findings.command("list")
@click.option("--run", "run_arn", metavar="ARN", help="Only findings of this run.")
@click.option("--severity", "severities", multiple=True, type=click.Choice(SEVERITY_ORDER, case_sensitive=False))
@click.option("--rule", "rules", multiple=True, metavar="NAME", help="Exact rule name or CVE id.")
@click.option("--agent", "agents", multiple=True, metavar="ID", help="Only findings of these hosts.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    metavar="N",
    help="Maximum number of findings; 0 for all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_client
def list_findings(  # noqa: PLR0913 - one option a filter
    client: "BaseClient",
    *,
    run_arn: str | None,
    severities: tuple[str, ...],
    rules: tuple[str, ...],
    agents: tuple[str, ...],
    limit: int,
    as_json: bool,
) -> None:
    """List findings, the most severe first."""
    wanted: dict[str, list[str]] = {
        key: list(values)
        for key, values in (("severities", severities), ("ruleNames", rules), ("agentIds", agents))
        if values
    }
    arguments: dict[str, object] = {"filter": wanted} if wanted else {}
    if run_arn:
        arguments["assessmentRunArns"] = [run_arn]
    found_arns = list(arns(client, "list_findings", "findingArns", **arguments))
    found = sorted(
        described(client, "describe_findings", "findingArns", "findings", found_arns), key=what_matters_first
    )
    shown = found[:limit] if limit else found
    if as_json:
        print_json(shown)
        return
    print_table(
        ("SEVERITY", "RULE", "TITLE", "FINDING"),
        [(severity_text(f["severity"]), f["id"], f["title"], f["arn"].rsplit("/", 1)[1]) for f in shown],
        empty="No findings.",
    )
    if len(shown) < len(found):
        click.echo(f"{len(found) - len(shown)} more; see --limit.", err=True)


@findings.command("show")
@click.argument("finding")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_client
def show_finding(client: "BaseClient", *, finding: str, as_json: bool) -> None:
    """Explain one finding: issue, host, evidence and remedy. FINDING is its ARN or the id in the list."""
    finding_arn = finding if finding.startswith("arn:") else _whole_arn(client, finding)
    found = list(described(client, "describe_findings", "findingArns", "findings", [finding_arn]))
    if not found:
        click.echo(f"openinspector: no finding {finding_arn}", err=True)
        sys.exit(REFUSED)
    if as_json:
        print_json(found[0])
        return
    _explain(found[0])


def _whole_arn(client: "BaseClient", last: str) -> str:
    for arn in arns(client, "list_findings", "findingArns"):
        if arn.rpartition("/")[2] == last:
            return arn
    raise click.UsageError(f"no finding ends in {last!r}; see `openinspector findings list`")


_URGENCY: Final = ("High", "Medium", "Low", "Undefined", "Informational")
"""Severities by rank: an unrated finding may be severe, an informational one is not."""


def what_matters_first(finding: Mapping[str, Any]) -> tuple[object, ...]:
    """Sort key: exploited in the wild, severity, score, EPSS, exposure, fixable now, the newest CVE first."""
    exposure = attribute(finding, "EXPOSURE")
    return (
        not attribute(finding, "KEV_ADDED"),
        _URGENCY.index(finding["severity"]),
        -float(attribute(finding, "CVSS3_SCORE") or 0),
        -float(attribute(finding, "EPSS_PROBABILITY") or 0),
        EXPOSURE_ORDER.index(Exposure(exposure)) if exposure in set(Exposure) else len(EXPOSURE_ORDER),
        not attribute(finding, "fixed_version"),
        not attribute(finding, "CVE_ID"),
        tuple(-int(part) for part in attribute(finding, "CVE_ID").split("-") if part.isdecimal()),
        finding["arn"],
    )


def _explain(finding: Mapping[str, Any]) -> None:
    out = console()
    out.print(severity_text(finding["severity"]), Text(printable_line(finding["title"])))
    for heading, text in (("What", finding["description"]), ("What to do", finding["recommendation"])):
        out.print(f"\n[bold]{heading}[/bold]")
        out.print(printable(text), markup=False)
    out.print("\n[bold]Attributes[/bold]")
    for entry in finding["attributes"]:
        out.print(printable_line(f"{entry['key']}: {entry.get('value', '')}"), markup=False)
