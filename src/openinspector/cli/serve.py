"""`openinspector serve`: run the service in the foreground."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from openinspector.service.bootstrap import Service
    from openinspector.service.settings import Settings


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder for database, objects, keys, certificates.")
@click.option("--listen", metavar="ADDRESS:PORT", help="Address to listen on; port 0 selects a free one.")
@click.option("--roles", metavar="ROLE,…", help="Roles of this node: gateway, api, console, worker; all if absent.")
def serve(data_dir: Path | None, listen: str | None, roles: str | None) -> None:
    """Run the service. Settings are environment variables OPENINSPECTOR_…; see docs/reference/settings.md."""
    from openinspector.service.log import configure_logging
    from openinspector.service.server import serve as serve_forever

    settings = settings_from(data_dir, listen, roles)
    configure_logging(settings.log_level)
    serve_forever(settings, _announce)


def settings_from(data_dir: Path | None, listen: str | None = None, roles: str | None = None) -> "Settings":
    """Return the settings, for a command that uses the service's parts: their log goes to standard error."""
    from openinspector.service.log import log_events

    log_events("warning")
    return settings_of_environment(data_dir, listen, roles)


def settings_of_environment(data_dir: Path | None, listen: str | None = None, roles: str | None = None) -> "Settings":
    """Return the settings of the environment, with the overrides of the command line."""
    from openinspector.service.settings import read_settings

    environment = dict(os.environ)
    if data_dir is not None:
        environment["OPENINSPECTOR_DATA_DIR"] = str(data_dir.resolve())
    elif os.geteuid() != 0:
        environment.setdefault("OPENINSPECTOR_DATA_DIR", str(Path.home() / ".local/share/openinspector"))
    if listen is not None:
        environment["OPENINSPECTOR_LISTEN"] = listen
    if roles is not None:
        environment["OPENINSPECTOR_ROLES"] = roles
    return read_settings(environment)


def _announce(service: "Service", url: str) -> None:
    click.echo(f"openinspector serves {url}")
    click.echo(f"Authority to trust: {service.settings.data_dir / 'tls' / 'ca.pem'}")
    first = service.first_key()
    if first is not None:
        click.echo("Administrator's access key, shown this once:")
        click.echo(f"  AWS_ACCESS_KEY_ID={first.id}")
        click.echo(f"  AWS_SECRET_ACCESS_KEY={first.secret}")
    sys.stdout.flush()
