"""`openinspector templates`: choose what to assess, and how long."""

from typing import TYPE_CHECKING

import click

from openinspector.cli.client import arns, described, with_client
from openinspector.cli.presentation import duration_text, print_json, print_table, time_text

if TYPE_CHECKING:
    from botocore.client import BaseClient


@click.group()
def templates() -> None:
    """Manage assessment templates: rules packages and duration."""


@templates.command("list")
@click.option("--target", "target_arn", metavar="ARN", help="Only templates of this target.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_client
def list_templates(client: "BaseClient", *, target_arn: str | None, as_json: bool) -> None:
    """List assessment templates."""
    only = {"assessmentTargetArns": [target_arn]} if target_arn else {}
    wanted = list(arns(client, "list_assessment_templates", "assessmentTemplateArns", **only))
    found = list(
        described(client, "describe_assessment_templates", "assessmentTemplateArns", "assessmentTemplates", wanted)
    )
    if as_json:
        print_json(found)
        return
    print_table(
        ("NAME", "PACKAGES", "DURATION", "RUNS", "CREATED", "ARN"),
        [
            (
                t["name"],
                str(len(t["rulesPackageArns"])),
                duration_text(t["durationInSeconds"]),
                str(t["assessmentRunCount"]),
                time_text(t["createdAt"]),
                t["arn"],
            )
            for t in found
        ],
        empty="No assessment templates. Create one: openinspector templates create NAME --target ARN",
    )


@templates.command("create")
@click.argument("name")
@click.option("--target", "target_arn", required=True, metavar="ARN", help="The target to assess.")
@click.option(
    "--package",
    "packages",
    multiple=True,
    metavar="WORD",
    help="Part of a rules package's name; default: all packages.",
)
@click.option(
    "--duration",
    type=click.IntRange(180, 86_400),
    default=3600,
    show_default=True,
    metavar="SECONDS",
    help="Maximum time of collection.",
)
@with_client
def create_template(
    client: "BaseClient", *, name: str, target_arn: str, packages: tuple[str, ...], duration: int
) -> None:
    """Create a template. Prints its ARN."""
    made = client.create_assessment_template(
        assessmentTargetArn=target_arn,
        assessmentTemplateName=name,
        durationInSeconds=duration,
        rulesPackageArns=rules_package_arns(client, packages),
    )
    click.echo(made["assessmentTemplateArn"])


@templates.command("delete")
@click.argument("template_arn")
@with_client
def delete_template(client: "BaseClient", *, template_arn: str) -> None:
    """Delete a template with its runs and findings."""
    client.delete_assessment_template(assessmentTemplateArn=template_arn)


def rules_package_arns(client: "BaseClient", words: tuple[str, ...]) -> list[str]:
    """Return the ARNs of the packages whose names contain each of the words; all packages without words."""
    wanted = list(arns(client, "list_rules_packages", "rulesPackageArns"))
    found = list(described(client, "describe_rules_packages", "rulesPackageArns", "rulesPackages", wanted))
    if not words:
        return wanted
    chosen = []
    for word in words:
        matching = [p["arn"] for p in found if word.lower() in p["name"].lower()]
        if len(matching) != 1:
            names = ", ".join(p["name"] for p in found)
            raise click.UsageError(f"--package {word!r} names {len(matching)} packages; there are: {names}")
        chosen += matching
    return chosen
