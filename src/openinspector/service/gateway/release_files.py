"""The folder of published agent releases, served below ``/releases/``."""

from collections.abc import Sequence
from pathlib import Path

from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from openinspector.model.errors import StoreError


def routes(folder: str) -> Sequence[BaseRoute]:
    """Return the routes: files unchanged, no listing, no links out of the folder; none without a folder. StoreError."""
    if not folder:
        return ()
    if not Path(folder).is_dir():
        raise StoreError(
            f"there is no folder {folder} to serve releases from",
            advice="Publish into it first, or set OPENINSPECTOR_RELEASES_DIR to another folder.",
        )
    return (Mount("/releases", StaticFiles(directory=folder)),)
