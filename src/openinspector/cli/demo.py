"""`openinspector demo`: findings about this host and a sample account from scratch, with the real parts.

The sample account is invented: its network is read from files beside this module, and AWS is not called. Service and
agent run as separate processes in a separate folder and keep running so that the API can be tried;
`openinspector demo --stop` ends them.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openinspector.cli.client import OWN_SERVICE
from openinspector.cli.demo_processes import QUICK_HEARTBEATS, DemoProcesses
from openinspector.cli.demo_report import print_report
from openinspector.cli.presentation import console, print_paragraph

if TYPE_CHECKING:
    from botocore.client import BaseClient

_DURATION_SECONDS = 180
_ENDED_WELL = ("COMPLETED", "COMPLETED_WITH_ERRORS")
_PACKAGES = ("Common Vulnerabilities", "Security Best Practices", "CIS Operating System", "Network Reachability")
_TARGET = "demo host and sample account"
SAMPLE_ACCOUNT = Path(__file__).with_name("sample_account")


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True)
@click.option("--stop", is_flag=True, help="Stop processes that an earlier demo left running.")
@click.option("--vendor-seconds", default=10.0, show_default=True, help="How long to try the vendor's own feed.")
def demo(folder: Path, *, stop: bool, vendor_seconds: float) -> None:
    """Assess this host and a sample account: start service and agent, run an assessment, show the findings."""
    account = {"OPENINSPECTOR_CLOUD": "files", "OPENINSPECTOR_CLOUD_FOLDER": str(SAMPLE_ACCOUNT.resolve())}
    processes = DemoProcesses(folder.resolve(), {**QUICK_HEARTBEATS, **account})
    if stop:
        stopped = processes.stop()
        click.echo(f"Stopped {', '.join(stopped)}." if stopped else "Nothing was running.")
        return
    out = console()
    out.rule("openinspector demo", align="left")
    processes.stop()
    url = processes.start_service()
    out.print(f"[green]✓[/green] Service on {url}, data in {processes.data_dir}")
    credentials = processes.access_key()
    agent_id = processes.start_agent(url)
    out.print(f"[green]✓[/green] Agent {agent_id} enrolled on this host")
    out.print(f"[green]✓[/green] Sample account read from {SAMPLE_ACCOUNT}", soft_wrap=True)
    advisories = _sync_feeds(processes, vendor_seconds)
    client = processes.client(url, credentials)
    run = _assess(client)
    covered = processes.client(url, credentials, OWN_SERVICE).get_run_coverage(assessmentRunArn=run["arn"])
    print_report(client, run, covered, advisories)
    out.print()
    if run["state"] in _ENDED_WELL:
        _keep_report(client, processes, run["arn"], folder)
    _say_what_next(processes, url, run["arn"])
    if run["state"] not in _ENDED_WELL:
        sys.exit(4)


def _sync_feeds(processes: DemoProcesses, vendor_seconds: float) -> str:
    """Return the line with the advisories used and their age."""
    from openinspector.cli.demo_feeds import sync_for_this_host

    out = console()
    with out.status("Fetching advisories") as status:
        lines = list(sync_for_this_host(processes.settings(), vendor_seconds, status.update))
    for line in lines:
        out.print(line)
    return lines[-1] if lines else "none"


def _assess(client: "BaseClient") -> dict[str, Any]:
    from openinspector.cli.run_progress import watch_run
    from openinspector.cli.templates import rules_package_arns

    out = console()
    target = _demo_target(client)
    template = client.create_assessment_template(
        assessmentTargetArn=target,
        assessmentTemplateName=f"demo {_count(client, target) + 1}",
        durationInSeconds=_DURATION_SECONDS,
        rulesPackageArns=rules_package_arns(client, _PACKAGES),
    )["assessmentTemplateArn"]
    run_arn = client.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"]
    out.print("[green]✓[/green] Resource group, target, template; run started")
    return dict(watch_run(client, run_arn, out))


def _demo_target(client: "BaseClient") -> str:
    found = client.list_assessment_targets(filter={"assessmentTargetNamePattern": _TARGET})["assessmentTargetArns"]
    if found:
        return str(found[0])
    tags = [{"key": "Demo", "value": value} for value in ("this host", "sample account")]
    group = client.create_resource_group(resourceGroupTags=tags)
    made = client.create_assessment_target(assessmentTargetName=_TARGET, resourceGroupArn=group["resourceGroupArn"])
    return str(made["assessmentTargetArn"])


def _count(client: "BaseClient", target: str) -> int:
    pages = client.get_paginator("list_assessment_templates").paginate(assessmentTargetArns=[target])
    return sum(len(page["assessmentTemplateArns"]) for page in pages)


def _keep_report(client: "BaseClient", processes: DemoProcesses, run_arn: str, folder: Path) -> None:
    """Save the run's full report with the demo's other files."""
    from openinspector.cli.reports import download, wait_for_report

    out = console()
    path = folder.resolve() / "report.html"
    with out.status("Making the report"):
        url = wait_for_report(client, run_arn, "HTML", "FULL")
        download(url, path, str(processes.ca_file), lambda _: None)
    out.print(f"[bold]Report[/bold]    {path}", soft_wrap=True)


def _say_what_next(processes: DemoProcesses, url: str, run_arn: str) -> None:
    out = console()
    out.print(f"[bold]Data[/bold]      {processes.data_dir}")
    beside = Path(sys.executable).with_name("aws")
    aws = beside if beside.is_file() else "aws"
    out.print(f"[bold]Console[/bold]   {processes.console_link(url)}", soft_wrap=True)
    print_paragraph("This link signs in once. The certificate is the demo's own: let the browser continue.", indent=10)
    out.print("[bold]Try the API[/bold]")
    out.print(f"  export AWS_SHARED_CREDENTIALS_FILE={processes.credentials_file}", soft_wrap=True)
    out.print(
        f"  {aws} inspector list-findings --assessment-run-arns {run_arn} \\\n"
        f"    --endpoint-url {url} --ca-bundle {processes.ca_file} --region us-east-1",
        soft_wrap=True,
    )
    out.print("[bold]Stop[/bold]      make demo-stop   (or: openinspector demo --stop)")
