"""`openinspector runs agents`: the hosts and instances of a run."""

from typing import TYPE_CHECKING

import click

from openinspector.cli.client import with_client
from openinspector.cli.presentation import print_json, print_table, state_text

if TYPE_CHECKING:
    from botocore.client import BaseClient


@click.command("agents")
@click.argument("run_arn")
@click.option("--health", "healths", multiple=True, type=click.Choice(["HEALTHY", "UNHEALTHY", "UNKNOWN"]))
@click.option("--auto-scaling-group", "groups", multiple=True, metavar="NAME", help="Only instances of these groups.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_client
def list_run_agents(
    client: "BaseClient", *, run_arn: str, healths: tuple[str, ...], groups: tuple[str, ...], as_json: bool
) -> None:
    """List the hosts of a run with the health of their agents; instances without one are UNKNOWN."""
    pages = client.get_paginator("list_assessment_run_agents").paginate(
        assessmentRunArn=run_arn, filter={"agentHealths": list(healths), "agentHealthCodes": []}
    )
    # The API filters by health alone.
    found = [
        agent
        for page in pages
        for agent in page["assessmentRunAgents"]
        if not groups or agent.get("autoScalingGroup") in groups
    ]
    if as_json:
        print_json(found)
        return
    print_table(
        ("AGENT", "HEALTH", "AUTO SCALING GROUP", "MESSAGES"),
        [
            (one["agentId"], state_text(one["agentHealth"]), one.get("autoScalingGroup", ""), str(_messages(one)))
            for one in found
        ],
        empty="The run has no such host.",
    )


def _messages(agent: dict[str, list[dict[str, object]]]) -> object:
    return next((one["count"] for one in agent["telemetryMetadata"] if one["messageType"] == "Total"), 0)
