"""`openinspector tailoring`: a template's variables, switched-off controls and waivers, from a file."""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openinspector.cli.client import with_own_client
from openinspector.cli.presentation import print_json, print_table

if TYPE_CHECKING:
    from botocore.client import BaseClient

    from openinspector.cis.tailoring_file import SiteTailoring
    from openinspector.model.waiver import Waiver


@click.group()
def tailoring() -> None:
    """Tailor benchmarks for a template, with a file that you keep in version control."""


@tailoring.command("put")
@click.argument("template_arn")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_own_client
def put_tailoring(client: "BaseClient", *, template_arn: str, file: Path, as_json: bool) -> None:
    """Replace the template's tailoring with FILE, and the waivers that came with the last file.

    FILE is the one that `openinspector benchmark --tailoring` reads. It names the benchmark of its controls:
    benchmark = "debian_12", or "debian_12/5.1.20".
    """
    site = _read(file)
    put = client.put_tailoring(assessmentTemplateArn=template_arn, **_request(site))["tailoring"]
    if as_json:
        print_json(put)
    else:
        counts = len(put["variables"]), len(put["switchedOffControls"]), len(site.waivers)
        click.echo("{} variables, {} controls switched off, {} waivers.".format(*counts))


@tailoring.command("show")
@click.argument("template_arn")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_own_client
def show_tailoring(client: "BaseClient", *, template_arn: str, as_json: bool) -> None:
    """Show the template's variables and switched-off controls."""
    found = client.get_tailoring(assessmentTemplateArn=template_arn)["tailoring"]
    if as_json:
        print_json(found)
        return
    rows = [(one["name"], one["value"]) for one in found["variables"]]
    rows += [(one["control"], f"off: {one['reason']}") for one in found["switchedOffControls"]]
    print_table(("VARIABLE OR CONTROL", "VALUE"), rows, empty="The benchmarks are as published.")


@tailoring.command("delete")
@click.argument("template_arn")
@with_own_client
def delete_tailoring(client: "BaseClient", *, template_arn: str) -> None:
    """Return the template to the benchmarks as published. Waivers stay."""
    client.delete_tailoring(assessmentTemplateArn=template_arn)


def _read(path: Path) -> "SiteTailoring":
    from datetime import UTC, datetime

    from openinspector.cis.tailoring_file import TailoringError, parse

    try:
        return parse(tomllib.loads(path.read_text()), datetime.now(UTC).date())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TailoringError) as error:
        raise click.BadParameter(f"{path}: {error}", param_hint="FILE") from error


def _request(site: "SiteTailoring") -> dict[str, Any]:
    return {
        "variables": [{"name": name, "value": value} for name, value in site.tailoring.variables.items()],
        "switchedOffControls": [
            {"control": control, "reason": reason} for control, reason in site.tailoring.switched_off.items()
        ],
        "waivers": [_waiver(waiver) for waiver in site.waivers],
    }


def _waiver(waiver: "Waiver") -> dict[str, Any]:
    return {
        "verdict": waiver.verdict,
        "issues": list(waiver.scope.issues),
        "subject": waiver.scope.subject,
        "agentIds": list(waiver.scope.agent_ids),
        "reason": waiver.reason,
        "owner": waiver.owner,
        "expiresOn": waiver.expires.isoformat(),
        "holds": [{"part": one.part, "key": one.key, "value": one.value} for one in waiver.holds],
    }
