"""`prepare-image`: removes this host's identity, so that an image of it can be copied."""

import json
import os
import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Final

from openinspector.agent.command import DONE, Command, Invocation
from openinspector.model.errors import OpenInspectorError


class ImageError(OpenInspectorError):
    """Part of the identity could not be removed: an image of this host must not be copied."""


def run(invocation: Invocation) -> int:
    """Remove everything in the state directory except its lock. Settings and the installation are kept."""
    from openinspector.agent.files.state_lock import LOCK_FILE, take_lock

    state = invocation.settings().state_directory
    lock = take_lock(state)
    try:
        removed = [path.name for path in sorted(state.iterdir()) if path.name != LOCK_FILE]
        for name in removed:
            _remove(state / name)
    except OSError as error:
        raise ImageError(
            f"{error.filename or state} cannot be removed: {error.strerror}", advice="Run it again as root."
        ) from error
    finally:
        os.close(lock)
    if invocation.options.json:
        print(json.dumps({"removed": removed}))
    else:
        print(f"Removed {', '.join(removed) or 'nothing'} from {state}.")
        print("Do not start the agent before the image is made. Each copy enrols: openinspector-agent enrol")
    return DONE


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


COMMAND: Final = Command(
    name="prepare_image",
    title="remove this host's key and enrolment before an image of it is made",
    description=(
        "Stop the agent first. Removes the host key, the enrolment, spooled telemetry and status; settings stay. "
        "Copies of one key are refused by the service."
    ),
    run=run,
    add_options=_add_options,
)
