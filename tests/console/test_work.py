"""Work in the console: targets, templates, runs, waivers, search, comparison; what a viewer sees."""

from dataclasses import replace

from playwright.sync_api import BrowserContext, Page
from tests.console.conftest import HOSTILE, HOSTS, ConsoleService, enter
from tests.console.test_pages import show

from openinspector.service.ports.user_store import ConsoleRole
from openinspector.testing import model_builders as builders

NEW_RUN, OLD_RUN = builders.run(2).arn, builders.run(1).arn


def test_from_a_target_to_a_run_that_is_stopped(page: Page, console: ConsoleService) -> None:
    show(page, console, "targets", "Targets")
    page.get_by_role("button", name="Create target").click()
    page.get_by_label("Name", exact=True).fill("Web servers")
    page.get_by_label("Tags", exact=True).fill("Role=web, Stage")
    page.get_by_role("button", name="Create", exact=True).click()
    page.get_by_role("row", name="Web servers").get_by_text("Role=web, Stage").wait_for()
    page.get_by_role("button", name="Change Web servers").click()
    page.get_by_label("Tags", exact=True).fill("")
    page.get_by_role("button", name="Change", exact=True).click()
    page.get_by_role("row", name="Web servers").get_by_text("Every host").wait_for()
    page.get_by_role("row", name="Web servers").get_by_role("link", name="Templates").click()
    page.get_by_text("No template yet").wait_for()
    page.get_by_role("button", name="Create template").click()
    page.get_by_label("Name", exact=True).fill("Weekly")
    page.get_by_label("Schedule (optional)").fill("rate(7 days)")
    page.get_by_role("button", name="Create", exact=True).click()
    page.get_by_role("button", name="Run now Weekly").click()
    page.get_by_role("heading", name="Run Weekly").wait_for()
    page.get_by_role("button", name="Stop run").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop run").click()
    page.get_by_role("dialog").wait_for(state="detached")


def test_a_refused_form_keeps_its_input(context: BrowserContext, console: ConsoleService) -> None:
    page = context.new_page()
    enter(page, console.link())
    show(page, console, "targets", "Targets")
    page.get_by_role("button", name="Create target").click()
    page.get_by_label("Name", exact=True).fill(builders.target().name)
    page.get_by_role("button", name="Create", exact=True).click()
    page.get_by_role("dialog").get_by_text("name").last.wait_for()
    assert page.get_by_label("Name", exact=True).input_value() == builders.target().name


def test_the_hosts_of_a_target(page: Page, console: ConsoleService) -> None:
    show(page, console, f"targets?show={builders.target().arn}", "Targets")
    page.get_by_role("region", name="Hosts that the target selects").get_by_role(
        "link", name="web-1.example"
    ).wait_for()


def test_search(page: Page, console: ConsoleService) -> None:
    show(page, console, "", "Dashboard")
    page.keyboard.press("/")
    page.keyboard.type("web-1")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="web-1.example").click()
    page.get_by_role("heading", name="Host web-1.example").wait_for()


def test_a_host(page: Page, console: ConsoleService) -> None:
    show(page, console, f"host?id={builders.agent_id(HOSTS)}", "Host")
    page.get_by_text("Findings of this host").wait_for()
    assert HOSTILE.partition("\u202e")[0] in page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("link", name="Findings of this host").click()
    page.get_by_role("heading", name="Findings (").wait_for()


def test_two_runs_compared(page: Page, console: ConsoleService) -> None:
    show(page, console, f"run?arn={NEW_RUN}", "Run")
    page.get_by_role("button", name="Compare with another run").click()
    page.get_by_role("option", name=builders.run(1).name).click()
    page.get_by_role("heading", name="New issues (").wait_for()
    page.get_by_role("button", name="Gone (").click()
    page.get_by_role("heading", name="Gone issues (").wait_for()
    assert "change=GONE" in page.url


def test_the_keys_are_listed(page: Page, console: ConsoleService) -> None:
    show(page, console, "", "Dashboard")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")


def test_a_viewer_is_offered_no_change(context: BrowserContext, console: ConsoleService) -> None:
    page = context.new_page()
    enter(page, console.link(ConsoleRole.VIEWER))
    for place, heading in (("targets", "Targets"), ("templates", "Templates"), ("waivers", "Waivers")):
        show(page, console, place, heading)
        assert page.get_by_role("button", name="Create").count() == 0
        assert page.get_by_role("button", name="Run").count() == 0


def test_a_host_that_arrives_is_shown_without_a_reload(page: Page, console: ConsoleService) -> None:
    """By an event: the list itself is asked for again every minute only."""
    show(page, console, "hosts?text=arrives", "Hosts")
    console.built.heartbeat(77, host=replace(builders.agent(77).host, hostname="arrives.example"))
    try:
        page.get_by_role("link", name="arrives.example").wait_for()
    finally:
        console.built.stores.agents.revoke(builders.agent_id(77), console.built.clock.now())
