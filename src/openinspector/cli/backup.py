"""`openinspector admin backup` and `openinspector admin restore`."""

import sys
from pathlib import Path

import click

from openinspector.cli.client import REFUSED
from openinspector.cli.presentation import print_json
from openinspector.cli.serve import settings_from

_MAX_SHOWN = 10


@click.command("backup")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def make_backup(data_dir: Path | None, *, folder: Path, as_json: bool) -> None:
    """Copy the databases into the new FOLDER, with a list of the objects. Master keys are not copied.

    The service may run meanwhile. PostgreSQL needs pg_dump.
    """
    from openinspector.service import backup_access

    made = backup_access.make_backup(settings_from(data_dir), folder)
    if as_json:
        print_json({"folder": str(folder), "version": made.version, "engine": made.engine, "objects": made.objects})
        return
    click.echo(f"Backup of {made.engine} in {folder}; {made.objects} objects listed.")
    click.echo("Keep copies of the master keys and of the object store elsewhere: they are not in it.")


@click.command("restore")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def restore_backup(data_dir: Path | None, *, folder: Path, as_json: bool) -> None:
    """Fill the empty databases of the settings from the backup in FOLDER, before the service starts.

    The master keys and the object store must be in place. Runs shredded since the backup are shredded again. Exit
    status 1: objects are absent.
    """
    from openinspector.service import backup_access

    done = backup_access.restore_backup(settings_from(data_dir), folder)
    absent = done.absent_objects
    if as_json:
        print_json({"shreddedAgain": done.shredded_again, "absentObjects": absent, "version": done.backup.version})
    else:
        click.echo(f"Restored. Runs shredded again: {done.shredded_again}. Objects absent: {len(absent)}.")
        for name in absent[:_MAX_SHOWN]:
            click.echo(f"  {name}")
    if absent:
        sys.exit(REFUSED)
