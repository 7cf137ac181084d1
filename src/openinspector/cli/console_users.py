"""`openinspector admin users`: people who sign in to the web console."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from openinspector.cli.client import REFUSED
from openinspector.cli.presentation import print_json, print_table, time_text
from openinspector.cli.serve import settings_from

if TYPE_CHECKING:
    from openinspector.service.app.users import Users
    from openinspector.service.settings import Settings

_ROLES = ("viewer", "operator", "administrator")
_HOURS = click.option(
    "--hours",
    type=click.IntRange(1, 168),
    default=24,
    show_default=True,
    metavar="N",
    help="How long the link is valid.",
)


@click.group()
def users() -> None:
    """Manage users of the web console."""


@users.command("create")
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), default="viewer", show_default=True, help="Permissions of the user.")
@_HOURS
@click.pass_obj
def create_user(data_dir: Path | None, *, name: str, role: str, hours: int) -> None:
    """Create user NAME and print a link that signs in once. The user may set a password there."""
    from openinspector.service.ports.user_store import ConsoleRole

    settings = settings_from(data_dir)
    found = _users(settings)
    found.create(name, ConsoleRole(role))
    click.echo(sign_in_link(settings, found, name, timedelta(hours=hours)))


@users.command("link")
@click.argument("name")
@_HOURS
@click.pass_obj
def make_link(data_dir: Path | None, *, name: str, hours: int) -> None:
    """Print a link that signs user NAME in once, to set a first or a new password."""
    settings = settings_from(data_dir)
    click.echo(sign_in_link(settings, _users(settings), name, timedelta(hours=hours)))


@users.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_users(data_dir: Path | None, *, as_json: bool) -> None:
    """List users and their roles."""
    from openinspector.service.store_access import open_stores

    found = open_stores(settings_from(data_dir)).users.list_all()
    if as_json:
        print_json(
            [
                {"name": u.name, "role": u.role, "hasPassword": u.password is not None, "createdAt": u.created_at}
                for u in found
            ]
        )
        return
    print_table(
        ("USER", "ROLE", "PASSWORD", "CREATED"),
        [(u.name, u.role, "none" if u.password is None else "set", time_text(u.created_at)) for u in found],
        empty="No users. Create one: openinspector admin users create NAME",
    )


@users.command("delete")
@click.argument("name")
@click.pass_obj
def delete_user(data_dir: Path | None, *, name: str) -> None:
    """Delete user NAME; the user's sessions end at once."""
    from openinspector.service.store_access import open_stores

    if not open_stores(settings_from(data_dir)).users.delete(name):
        click.echo(f"openinspector: no user {name}", err=True)
        sys.exit(REFUSED)


def sign_in_link(settings: "Settings", users: "Users", name: str, lifetime: timedelta, url: str = "") -> str:
    """Return a new one-time link of a user; without ``url``, to the service's own address."""
    endpoint = settings.data_dir / "endpoint"
    known = url or settings.public_url or (endpoint.read_text().strip() if endpoint.is_file() else "https://localhost")
    return f"{known}/console/link?secret={users.make_link(name, lifetime)}"


def _users(settings: "Settings") -> "Users":
    from openinspector.service.store_access import open_stores, open_users

    return open_users(open_stores(settings))
