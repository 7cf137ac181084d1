"""`openinspector admin rollouts`: which agents are offered which signed release."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openinspector.cli.client import REFUSED
from openinspector.cli.presentation import print_json, print_table, time_text
from openinspector.cli.serve import settings_from
from openinspector.cli.targets import parsed_tag

if TYPE_CHECKING:
    from openinspector.service.ports.rollout_store import RolloutRing, RolloutStore

_SHOWN_FAILURES = 20
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z+~]*(?:[.-][0-9A-Za-z+~]+)*")

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def rollouts() -> None:
    """Manage rollout rings, which offer signed releases to groups of agents. Agents refuse unsigned releases."""


@rollouts.command("list")
@_json_option
@click.pass_obj
def list_rollouts(data_dir: Path | None, *, as_json: bool) -> None:
    """List rings in order of position, with the results that their agents reported."""
    store = _store(data_dir)
    rings = store.list_rings()
    if as_json:
        print_json([_ring_json(store, ring) for ring in rings])
        return
    print_table(
        ("RING", "VERSION", "AGENTS", "UPDATED", "FAILED", "STATE"),
        [_ring_row(store, ring) for ring in rings],
        empty="No rollout rings: no agent is offered anything. Make one: openinspector admin rollouts set",
    )


@rollouts.command("set")
@click.argument("name")
@click.option("--version", required=True, metavar="V", help="Version to offer to the ring's agents.")
@click.option("--position", type=click.IntRange(0, 1_000_000), default=100, show_default=True, metavar="N")
@click.option(
    "--tag", "tags", multiple=True, metavar="KEY[=VALUE]", help="Hosts with any of these tags; default: every host."
)
@click.option("--percent", type=click.IntRange(1, 100), default=100, show_default=True, metavar="N")
@click.option(
    "--max-failures",
    type=click.IntRange(0, 100),
    default=10,
    show_default=True,
    metavar="PERCENT",
    help="Pause if more than this share fails.",
)
@_json_option
@click.pass_obj
def set_rollout(data_dir: Path | None, /, *, name: str, as_json: bool, **options: Any) -> None:
    """Create or change ring NAME. An agent belongs to the first ring, by position, that matches it."""
    from openinspector.model.asset import Tag
    from openinspector.service.ports.rollout_store import RolloutRing

    if not _NAME.fullmatch(name):
        _refuse(f"a ring's name is lower-case letters, digits, - and _, not {name!r}")
    if not _VERSION.fullmatch(options["version"]):
        _refuse(f"not a version: {options['version']!r}")
    ring = RolloutRing(
        name=name,
        position=options["position"],
        tags=tuple(Tag(**parsed_tag(tag)) for tag in options["tags"]),
        percentage=options["percent"],
        version=options["version"],
        max_failure_percent=options["max_failures"],
    )
    store = _store(data_dir)
    store.put_ring(ring)
    if as_json:
        print_json(_ring_json(store, ring))


@rollouts.command("pause")
@click.argument("name")
@click.option("--because", default="paused by the administrator", show_default=True, metavar="TEXT")
@click.pass_obj
def pause_rollout(data_dir: Path | None, *, name: str, because: str) -> None:
    """Pause ring NAME. It offers nothing until it is resumed."""
    if not because.strip():
        _refuse("give a reason: the list shows it")
    _set_pause(data_dir, name, because)


@rollouts.command("resume")
@click.argument("name")
@click.pass_obj
def resume_rollout(data_dir: Path | None, *, name: str) -> None:
    """Resume ring NAME. Failures that paused it still count: check them first (list --json)."""
    _set_pause(data_dir, name, "")


@rollouts.command("delete")
@click.argument("name")
@click.pass_obj
def delete_rollout(data_dir: Path | None, *, name: str) -> None:
    """Delete ring NAME and its reported results."""
    if not _store(data_dir).delete_ring(name):
        _refuse(f"no rollout ring {name}")


def _ring_json(store: "RolloutStore", ring: "RolloutRing") -> Mapping[str, Any]:
    counts = store.count_reports(ring.name, ring.version)
    return {
        "name": ring.name,
        "position": ring.position,
        "version": ring.version,
        "tags": {tag.key: tag.value for tag in ring.tags},
        "percent": ring.percentage,
        "maxFailurePercent": ring.max_failure_percent,
        "pausedBecause": ring.paused_because or None,
        "updated": counts.succeeded,
        "failed": counts.failed,
        "failures": [
            {
                "agentId": failure.agent_id,
                "fromVersion": failure.from_version,
                "result": failure.result,
                "diagnostics": failure.diagnostics,
                "at": time_text(failure.at),
            }
            for failure in store.list_failures(ring.name, ring.version, _SHOWN_FAILURES)
        ],
    }


def _ring_row(store: "RolloutStore", ring: "RolloutRing") -> tuple[str, ...]:
    counts = store.count_reports(ring.name, ring.version)
    tags = ", ".join(tag.key if tag.value is None else f"{tag.key}={tag.value}" for tag in ring.tags)
    state = f"paused: {ring.paused_because}" if ring.paused_because else "going on"
    agents = f"{ring.percentage} % of {tags or 'all'}"
    return (ring.name, ring.version, agents, str(counts.succeeded), str(counts.failed), state)


def _set_pause(data_dir: Path | None, name: str, because: str) -> None:
    if not _store(data_dir).set_pause(name, because):
        _refuse(f"no rollout ring {name}")


def _store(data_dir: Path | None) -> "RolloutStore":
    from openinspector.service.store_access import open_stores

    return open_stores(settings_from(data_dir)).rollouts


def _refuse(message: str) -> None:
    click.echo(f"openinspector: {message}", err=True)
    sys.exit(REFUSED)
