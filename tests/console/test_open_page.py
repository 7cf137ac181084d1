"""An open page: the service restarts under it, it is used by keyboard alone, and it loads little at first."""

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, Response, expect
from tests.console.conftest import ConsoleService, enter, fill, serving
from tests.console.test_pages import show

from openinspector.testing import model_builders as builders
from openinspector.testing.installation import open_installation

FIRST_LOAD: Final = 350_000
"""Most bytes of the first page, compressed."""
RESTART_MS: Final = 30_000


def test_a_restart_loses_nothing(context: BrowserContext, tmp_path: Path) -> None:
    """Rows and filter stay, the page says that the service is away, and then shows the host that arrived meanwhile."""
    built = open_installation(tmp_path, now=datetime.now(UTC) - timedelta(minutes=5))
    fill(built)
    page = context.new_page()
    with serving(built, tmp_path) as before:
        enter(page, before.link())
        show(page, before, "hosts?text=web", "Hosts (3)")
    page.get_by_role("button", name="Refresh").click()
    page.get_by_text("The service does not answer").wait_for()
    assert page.get_by_role("row").count() == 4
    built.heartbeat(9, host=replace(builders.agent(9).host, hostname="web-9.example"))
    with serving(built, tmp_path, urlsplit(before.url).port or 0):
        page.get_by_role("link", name="web-9.example").wait_for(timeout=RESTART_MS)
        assert page.url.endswith("hosts?text=web")
        assert page.get_by_text("The service does not answer").count() == 0


def test_by_keyboard_alone(context: BrowserContext, console: ConsoleService) -> None:
    """From the sign-in link to a finding, its host and a new target, without a mouse."""
    page = context.new_page()
    page.goto(console.link())
    tab_to(page, "Sign in")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Dashboard").wait_for()
    press(page, "g", "f")
    page.get_by_role("heading", name="Findings (").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("CVE-2026-0012")
    page.keyboard.press("Enter")
    page.wait_for_url("**rule=CVE-2026-0012*")
    page.get_by_role("link", name="CVE-2026-0012").first.wait_for()
    tab_to(page, "Choose one of findings")
    press(page, "ArrowDown", "ArrowRight", "ArrowRight", "Enter")
    page.get_by_role("heading", name="What to do").wait_for()
    tab_to(page, "web-1.example")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Host web-1.example").wait_for()
    press(page, "g", "t")
    page.get_by_role("heading", name="Targets").wait_for()
    tab_to(page, "Create target")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    page.get_by_role("row", name="By keyboard").wait_for()


def tab_to(page: Page, text: str) -> None:
    """Press Tab until an element with a text has the focus."""
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.innerText?.trim() ?? ''"))
        if seen[-1] == text:
            return
    raise AssertionError(f"{text!r} is not reached: {seen}")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_the_first_page_loads_little(context: BrowserContext, console: ConsoleService) -> None:
    page = context.new_page()
    enter(page, console.link())
    page.goto("about:blank")
    found: list[Response] = []
    page.on("response", lambda one: found.append(one))  # noqa: PLW0108 - Playwright writes to the function
    page.goto(f"{console.url}/console/")
    page.get_by_role("heading", name="Dashboard").wait_for()
    page.wait_for_load_state("networkidle")
    built = [one for one in found if one.request.resource_type in {"document", "script", "stylesheet", "font", "image"}]
    assert len(built) > 3
    assert sum(len(gzip.compress(one.body(), 5)) for one in built) <= FIRST_LOAD
