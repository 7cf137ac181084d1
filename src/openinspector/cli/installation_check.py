"""`openinspector admin check`: database, master keys and object store, as this machine reaches them."""

import secrets
import sys
from collections.abc import Callable
from pathlib import Path

import click

from openinspector.cli.client import REFUSED
from openinspector.cli.presentation import print_json, print_table
from openinspector.cli.serve import settings_from


@click.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def check_installation(data_dir: Path | None, *, as_json: bool) -> None:
    """Check that this machine reaches the database, opens the master keys, and stores and reads an object.

    Not checked: the bucket's lifecycle, versions and access, which only its provider shows. Exit status 1: a check
    failed.
    """
    from openinspector.model.errors import OpenInspectorError
    from openinspector.service.store_access import open_shared_secrets, open_stores

    settings = settings_from(data_dir)

    def use_database() -> None:
        open_stores(settings).nodes.nodes()

    def use_keys() -> None:
        open_shared_secrets(open_stores(settings)).check()

    def use_objects() -> None:
        objects, name = open_stores(settings).objects, f"check/{secrets.token_hex(8)}"
        objects.put(name, b"check")
        objects.get(name)
        objects.delete(name)

    checks: dict[str, Callable[[], None]] = {"database": use_database, "keys": use_keys, "objects": use_objects}
    problems: dict[str, str] = {}
    for name, ask in checks.items():
        try:
            ask()
        except OpenInspectorError as error:
            problems[name] = f"{error} {error.advice}".strip()
    if as_json:
        print_json([{"check": name, "ok": name not in problems, "problem": problems.get(name, "")} for name in checks])
    else:
        print_table(("CHECK", "RESULT"), [(name, problems.get(name, "ok")) for name in checks], empty="")
    if problems:
        sys.exit(REFUSED)
