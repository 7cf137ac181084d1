"""`openinspector reports`: get the report of a run as a file."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from openinspector.cli.client import with_client
from openinspector.cli.presentation import print_json
from openinspector.model.errors import OpenInspectorError

if TYPE_CHECKING:
    from botocore.client import BaseClient

_POLL_SECONDS: Final = 0.5
_DOWNLOAD_SECONDS: Final = 60


class ReportError(OpenInspectorError):
    """A report that failed or was not completed in time."""


@click.group()
def reports() -> None:
    """Download reports of runs."""


@reports.command("get")
@click.argument("run_arn")
@click.option("--format", "layout", type=click.Choice(["html", "pdf"]), default="html", show_default=True)
@click.option(
    "--type",
    "kind",
    type=click.Choice(["finding", "full"]),
    default="finding",
    show_default=True,
    help="full: also every rule that was checked, and its result.",
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; default: named after the run."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_client
def get_report(  # noqa: PLR0913 - one a click option
    client: "BaseClient", *, run_arn: str, layout: str, kind: str, output: Path | None, as_json: bool
) -> None:
    """Request the report of a run, wait for it, and save it. Prints the file's name."""
    from rich.console import Console

    path = output or Path(f"{kind}-report-{run_arn.rpartition('/')[2] or 'run'}.{layout}")
    with Console(stderr=True).status("Making the report") as status:
        url = wait_for_report(client, run_arn, layout.upper(), kind.upper())
        status.update("Downloading the report")
        size = download(
            url, path, click.get_current_context().params["ca_bundle"], lambda done: status.update(_progress(done))
        )
    if as_json:
        print_json({"file": str(path), "bytes": size, "type": kind.upper(), "format": layout.upper()})
    else:
        click.echo(str(path))


def wait_for_report(client: "BaseClient", run_arn: str, layout: str, kind: str) -> str:
    """Poll until a report is complete and return its link; ReportError if it failed."""
    while True:
        answer = client.get_assessment_report(assessmentRunArn=run_arn, reportFileFormat=layout, reportType=kind)
        if answer["status"] == "COMPLETED":
            return str(answer["url"])
        if answer["status"] == "FAILED":
            raise ReportError(
                "the service could not make the report",
                advice="Its log has the reason. A request after a minute tries again.",
            )
        time.sleep(_POLL_SECONDS)


def download(url: str, path: Path, ca_bundle: str | None, tell: Callable[[int], None]) -> int:
    """Download a link atomically and return the size in bytes; ReportError."""
    import ssl

    import httpx

    trusted = ssl.create_default_context(cafile=ca_bundle or os.environ.get("AWS_CA_BUNDLE") or None)
    part = path.with_name(f".{path.name}.part")
    size = 0
    try:
        with (
            httpx.stream("GET", url, verify=trusted, timeout=_DOWNLOAD_SECONDS) as answer,
            part.open("wb") as file,
        ):
            if not answer.is_success:
                raise ReportError(f"the link was answered {answer.status_code}: {answer.read().decode()[:300].strip()}")
            for piece in answer.iter_bytes():
                size += file.write(piece)
                tell(size)
        part.replace(path)
    except httpx.HTTPError as error:
        raise ReportError(
            f"the report cannot be downloaded: {error}",
            advice="Links begin with the service's OPENINSPECTOR_PUBLIC_URL; is it correct, and reachable from here?",
        ) from error
    except OSError as error:
        raise ReportError(
            f"cannot write {path}: {error.strerror}", advice="Name another file with --output."
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return size


def _progress(size: int) -> str:
    return f"Downloading the report  {size / 1_000_000:.1f} MB"
