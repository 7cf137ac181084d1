"""`openinspector admin keys rewrap`: wrap all data keys again, under the master key that new keys get."""

import sys
from pathlib import Path

import click

from openinspector.cli.client import REFUSED
from openinspector.cli.presentation import print_json, print_table
from openinspector.cli.serve import settings_from


@click.command("rewrap")
@click.option("--all", "every", is_flag=True, help="Also keys that are current, as after a change of the KMS key.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def rewrap_keys(data_dir: Path | None, *, every: bool, as_json: bool) -> None:
    """Wrap all data keys again, under the master key of OPENINSPECTOR_KEY_URL. Nodes may run; repeat it at will.

    Afterwards the previous master key is no longer needed, unless a key failed: then the exit status is 1.
    """
    from openinspector.service.app.key_moving import Moved
    from openinspector.service.store_access import open_key_moving

    latest = {}
    for progress in open_key_moving(settings_from(data_dir)).move(every=every):
        latest[progress.owner] = progress
        if sys.stderr.isatty():
            click.echo(f"\r{progress.owner}: {progress.counts.total()} keys", nl=False, err=True)
    if sys.stderr.isatty():
        click.echo(err=True)
    if as_json:
        print_json(
            [
                {"owner": owner, **{m.value: p.counts[m] for m in Moved}, "failure": p.failure}
                for owner, p in latest.items()
            ]
        )
    else:
        print_table(
            ("KEYS OF", *(moved.value.upper() for moved in Moved)),
            [(owner.value, *(str(p.counts[moved]) for moved in Moved)) for owner, p in latest.items()],
            empty="No keys.",
        )
    failures = [p.failure for p in latest.values() if p.failure]
    if failures:
        click.echo(f"openinspector: keys were not moved, among them {failures[-1]}", err=True)
        sys.exit(REFUSED)
