"""Chromium without a screen: what a page shows, and every request it made for that."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
TIMEOUT_SECONDS = 120
_BROWSER = "not an origin"
_QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def browse(page: Path, folder: Path, *options: str) -> str:
    """Open a file and return what the browser says on standard output."""
    assert CHROMIUM is not None
    command = [CHROMIUM, *_QUIET, f"--user-data-dir={folder / 'profile'}", *options, page.resolve().as_uri()]
    done = subprocess.run(command, capture_output=True, check=True, timeout=TIMEOUT_SECONDS, cwd=folder)
    return done.stdout.decode()


def requests_of(page: Path, folder: Path) -> Sequence[str]:
    """Return every URL a file asked for while it was shown, from Chromium's network log.

    Requests of the browser itself (time, updates) have no origin there.
    """
    log = folder / "net.json"
    browse(page, folder, f"--log-net-log={log}", "--dump-dom")
    events: list[dict[str, Any]] = json.loads(log.read_text())["events"]
    asked = (event.get("params", {}) for event in events)
    return sorted({one["url"] for one in asked if one.get("initiator", _BROWSER) != _BROWSER})


def screenshot(page: Path, folder: Path, width: int, height: int = 1600) -> Path:
    """Return the picture of a file at a width in pixels."""
    picture = folder / f"{page.stem}-{width}.png"
    browse(page, folder, f"--window-size={width},{height}", f"--screenshot={picture}")
    return picture
