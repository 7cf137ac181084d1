"""Every page: what it shows, opened cold, by keyboard, on a phone, in the dark; and that hostile text stays text."""

import csv
import io
from typing import Any, Final
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page
from tests.console.conftest import FORMULA, HOSTS, ISSUES, ConsoleService, enter

from openinspector.service.ports.user_store import ConsoleRole
from openinspector.testing import model_builders as builders

PAGES: Final = {
    "": "Dashboard",
    "findings": "Findings",
    "issues": "Issues",
    "hosts": "Hosts",
    "runs": "Runs",
    "feeds": "Feeds",
    "targets": "Targets",
    "templates": "Templates",
    "waivers": "Waivers",
    f"host?id={builders.agent_id(HOSTS)}": "Host",
    f"run?arn={builders.run(2).arn}": "Run",
    f"compare?run={builders.run(2).arn}&base={builders.run(1).arn}": "New issues",
    "search?text=web": "Search for web",
}
LISTS: Final = ("Findings", "Issues", "Hosts", "Runs", "Targets", "Templates", "Waivers", "Feeds")
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_CLOUDSCAPE: Final = {"aria-allowed-attr"}
"""On a phone Cloudscape's closed navigation has an aria-orientation, which its role does not allow."""


def show(page: Page, console: ConsoleService, place: str, heading: str) -> None:
    page.goto(f"{console.url}/console/#/{place}")
    page.get_by_role("heading", name=heading).first.wait_for()
    page.wait_for_load_state("networkidle")


def violations(page: Page, axe: str) -> set[str]:
    page.evaluate(f"{axe}; undefined")
    found: dict[str, Any] = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return {one["id"] for one in found["violations"]}


@pytest.mark.parametrize(("place", "heading"), PAGES.items())
def test_every_page_is_accessible(page: Page, console: ConsoleService, axe: str, place: str, heading: str) -> None:
    show(page, console, place, heading)
    assert violations(page, axe) == set()
    page.get_by_role("button", name="Dark mode").first.click()
    assert violations(page, axe) == set()


@pytest.mark.parametrize(("place", "heading"), PAGES.items())
def test_every_page_fits_a_phone(page: Page, console: ConsoleService, axe: str, place: str, heading: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    show(page, console, place, heading)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert violations(page, axe) <= OF_CLOUDSCAPE


def test_dashboard_counts_what_the_list_shows(page: Page, console: ConsoleService) -> None:
    show(page, console, "", "Dashboard")
    page.get_by_role("link", name=str(ISSUES), exact=True).click()
    page.get_by_role("heading", name=f"Issues ({ISSUES})").wait_for()


def test_severity_of_the_dashboard_is_a_filter(page: Page, console: ConsoleService) -> None:
    show(page, console, "issues?severity=High", "Issues (3)")
    assert page.get_by_role("row").count() == 4


def test_a_filter_typed_is_in_the_url_and_opens_cold(
    page: Page, console: ConsoleService, context: BrowserContext
) -> None:
    show(page, console, "issues", "Issues")
    page.keyboard.press("/")
    page.keyboard.type("Flaw 100")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Issues (1)").wait_for()
    cold = context.new_page()
    cold.goto(page.url)
    cold.get_by_role("heading", name="Issues (1)").wait_for()


def test_more_rows_are_loaded(page: Page, console: ConsoleService) -> None:
    show(page, console, "issues", f"Issues ({ISSUES})")
    page.get_by_role("button", name="Load more").click()
    page.get_by_role("button", name="Load more").wait_for(state="detached")
    assert page.get_by_role("row").count() == ISSUES + 1


def test_a_finding_in_the_split_panel_and_alone(page: Page, console: ConsoleService) -> None:
    show(page, console, "findings?rule=CVE-2026-0002", "Findings")
    page.get_by_role("row").nth(1).get_by_role("gridcell").nth(2).click()
    page.get_by_text("What to do").wait_for()
    assert "show=arn" in page.url
    page.reload()
    page.get_by_text("Upgrade the package.", exact=True).wait_for()
    page.get_by_role("link", name="CVE-2026-0002").first.click()
    page.get_by_role("heading", name="What to do").wait_for()


def test_a_link_of_inspector_classic(page: Page, console: ConsoleService) -> None:
    chosen = quote(f'{{"assessmentRunArns":["{builders.run(1).arn}"],"severities":["High"]}}')
    page.goto(f"{console.url}/console/#/finding?filter={chosen}")
    page.get_by_text(f"Of run {builders.run(1).arn.rpartition('/')[2]}").wait_for()
    page.get_by_role("heading", name="Findings (").wait_for()


def test_jumps_by_keyboard(page: Page, console: ConsoleService) -> None:
    show(page, console, "", "Dashboard")
    for key, heading in zip("fihrtpwe", LISTS, strict=True):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.get_by_role("heading", name=heading).first.wait_for()


def test_hostile_names_are_text(page: Page, console: ConsoleService) -> None:
    show(page, console, "hosts", f"Hosts ({HOSTS})")
    assert page.get_by_text("<img src=x onerror=alert(1)>").count() == 1
    assert "\u202e" not in page.content()
    assert page.locator("img").count() == 0
    show(page, console, "issues?text=onerror", "Issues (1)")
    assert "\u202e" not in page.content()


def test_exported_cells_are_not_formulas(page: Page, console: ConsoleService) -> None:
    show(page, console, "findings", "Findings")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    total = console.built.stores.findings.counts(builders.run(2).arn)
    assert len(rows) == sum(total.values())
    assert {row["Subject"] for row in rows if "cmd|" in row["Subject"]} == {f"'{FORMULA}"}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_sign_out_and_back_to_the_same_place(context: BrowserContext, console: ConsoleService) -> None:
    page = context.new_page()
    enter(page, console.link())
    show(page, console, "issues?severity=High", "Issues")
    page.get_by_role("button", name="administrator").first.click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    page.goto(f"{console.url}/console/#/issues?severity=High")
    page.wait_for_url("**/console/sign-in?to=*")
    assert page.locator("input[name=to]").input_value() == "/issues?severity=High"


def test_a_viewer_reads(context: BrowserContext, console: ConsoleService) -> None:
    page = context.new_page()
    enter(page, console.link(ConsoleRole.VIEWER))
    for place, heading in PAGES.items():
        show(page, console, place, heading)
        assert page.get_by_text("Your role does not allow this").count() == 0
