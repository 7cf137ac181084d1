"""Builds the file of scores that a release ships: `make scores KEY=key.pem`; sites import it."""

import tempfile
from pathlib import Path

import click

from openinspector.model.errors import FeedError
from openinspector.service.settings import Settings
from openinspector.service.store_access import open_advisory_store
from openinspector.service.system_clock import SystemClock
from openinspector.service.worker.feed_keys import read_private_key
from openinspector.service.worker.score_file import build_scores


@click.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--key", "key_file", required=True, type=click.Path(path_type=Path, exists=True), help="Ed25519, PEM.")
@click.option("--from", "origins", multiple=True, metavar="FEED=ORIGIN", help="Folder, file or URL; only these feeds.")
def main(path: Path, key_file: Path, origins: tuple[str, ...]) -> None:
    """Write the scores of CVE, NVD, EPSS and KEV to one signed file."""
    named = dict(origin.partition("=")[::2] for origin in origins)
    with tempfile.TemporaryDirectory() as folder:
        try:
            written = build_scores(
                path,
                read_private_key(key_file),
                store=open_advisory_store(Settings(data_dir=Path(folder))),
                clock=SystemClock(),
                workspace=Path(folder) / "feeds",
                origins=named,
            )
        except FeedError as error:
            raise click.ClickException(f"{error} {error.advice}") from error
    click.echo(f"{path}: {', '.join(written)}, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
