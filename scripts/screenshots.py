"""Takes pictures of the console's pages into ``docs/console/``: light, dark and on a phone. `make screenshots` runs it.

The service, its data and the browser are those of the browser tests.
"""

import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import Page
from tests.console.conftest import HOSTS, enter, open_browser, open_service

from openinspector.testing import model_builders as builders

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs/console"
PAGES: Final = {
    "dashboard": "",
    "findings": "findings",
    "finding": f"finding?arn={builders.finding(20_020 + HOSTS, builders.run(2).arn).arn}",
    "issues": "issues",
    "hosts": "hosts",
    "host": f"host?id={builders.agent_id(1)}",
    "runs": "runs",
    "run": f"run?arn={builders.run(2).arn}",
    "compare": f"compare?run={builders.run(2).arn}&base={builders.run(1).arn}",
    "targets": f"targets?show={builders.target().arn}",
    "templates": "templates",
    "waivers": "waivers",
    "feeds": "feeds",
    "search": "search?text=web",
}
WIDE: Final = {"width": 1440, "height": 900}
NARROW: Final = {"width": 390, "height": 844}


def take(page: Page, url: str, folder: Path) -> None:
    """Save three pictures of each page."""
    for name, place in PAGES.items():
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        page.goto(f"{url}/console/#/{place}")
        page.reload()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / f"{name}-light.png")
        page.get_by_role("button", name="Dark mode").first.click()
        page.screenshot(path=folder / f"{name}-dark.png")
        page.get_by_role("button", name="Light mode").first.click()
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        page.reload()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / f"{name}-phone.png")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made, open_service(Path(made)) as service, open_browser() as browser:
        shown = browser.new_context(ignore_https_errors=True).new_page()
        enter(shown, service.link())
        take(shown, service.url, FOLDER)
