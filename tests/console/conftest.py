"""The console in Debian's Chromium, against a service with findings of hostile hosts, behind its own TLS."""

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from starlette.applications import Starlette

from openinspector.model.finding import Attribute, Severity
from openinspector.service.api.dispatch import operations
from openinspector.service.api.finding_export import routes as export_routes
from openinspector.service.app.users import Users
from openinspector.service.certificates import ensure_certificates
from openinspector.service.console.routes import routes
from openinspector.service.ports.user_store import ConsoleRole
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import PACKAGES, BuiltInstallation, open_installation

CHROMIUM: Final = shutil.which("chromium")
HOSTILE: Final = "<img src=x onerror=alert(1)>\"'`{{7*7}}\u202egnp.exe"
FORMULA: Final = "=cmd|' /C calc'!A0"
HOSTS: Final = 4
ISSUES: Final = 130
_HIGH: Final = 3


@dataclass(frozen=True, kw_only=True)
class ConsoleService:
    """A service with the console, and its users."""

    url: str
    built: BuiltInstallation
    users: Users

    def link(self, role: ConsoleRole = ConsoleRole.ADMINISTRATOR) -> str:
        """A new link that signs a user with a role in."""
        if self.built.stores.users.get(role.value) is None:
            self.users.create(role.value, role)
        return f"{self.url}/console/link?secret={self.users.make_link(role.value, timedelta(hours=1))}"


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleService]:
    with open_service(tmp_path_factory.mktemp("console")) as service:
        yield service


@contextmanager
def open_service(folder: Path) -> Iterator[ConsoleService]:
    """Serve the console with `fill`'s data until the context ends."""
    built = open_installation(folder, now=datetime.now(UTC) - timedelta(minutes=5))
    fill(built)
    with serving(built, folder) as service:
        yield service


@contextmanager
def serving(built: BuiltInstallation, folder: Path, port: int = 0) -> Iterator[ConsoleService]:
    """Serve an installation until the context ends, on any port unless one is given."""
    users = Users(built.stores.users, built.clock)
    certificates = ensure_certificates(folder / "tls", ["127.0.0.1"], datetime.now(UTC))
    application = Starlette(routes=[*routes(built.services, operations(), users), *export_routes(built.services)])
    bound = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(
        application,
        log_config=None,
        ssl_certfile=str(certificates.certificate),
        ssl_keyfile=str(certificates.key),
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    yield ConsoleService(url=f"https://127.0.0.1:{bound.getsockname()[1]}", built=built, users=users)
    server.should_exit = True
    thread.join(10)
    bound.close()


def fill(built: BuiltInstallation) -> None:
    """Two completed runs. The last host has a hostile name, and so has one issue."""
    store = built.stores.assessments
    store.add_target(builders.target())
    store.add_template(builders.template())
    names = {number: f"web-{number}.example" for number in range(1, HOSTS)} | {HOSTS: HOSTILE}
    for number, name in names.items():
        built.heartbeat(number, host=replace(builders.agent(number).host, hostname=name, distribution="debian:12"))
    for run in (1, 2):
        store.add_run(builders.run(run), [builders.agent_id(number) for number in names])
        for issue in range(run, ISSUES + run):
            severity = Severity.HIGH if issue < _HIGH + run else list(Severity)[1 + issue % 4]
            title = f"Instance {{instance}} has {HOSTILE}" if issue == run + 1 else f"Flaw {issue}"
            body = msgspec.structs.replace(builders.stated_issue(issue, severity=severity), title=title)
            if issue == run:
                body = msgspec.structs.replace(body, title=FORMULA)
            built.produced(
                *(
                    builders.finding(
                        run * 10_000 + issue * 10 + host,
                        builders.run(run).arn,
                        body=body,
                        asset=builders.asset(host, hostname=names[host]),
                        attributes=(Attribute(key="INSTANCE_ID", value=builders.agent_id(host)),),
                        rules_package_arn=PACKAGES[issue % 2].arn,
                    )
                    for host in names
                    if host == HOSTS or issue % host == 0
                )
            )
        built.complete_run(builders.run(run).arn)
        built.assembly.run_summaries().make_pending()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Not for the session: Playwright keeps an event loop running in this thread, and other tests start their own.
    if CHROMIUM is None:
        pytest.skip("there is no chromium here")
    with open_browser() as started:
        yield started


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Run Chromium until the context ends."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(ignore_https_errors=True, viewport={"width": 1400, "height": 900}, accept_downloads=True)
    made.set_default_timeout(10_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, console: ConsoleService) -> Iterator[Page]:
    """A page with an administrator signed in. Afterwards: no error, no warning of the CSP, no foreign request."""
    made = context.new_page()
    wrong: list[str] = []
    made.on("console", lambda said: wrong.append(said.text) if said.type in {"error", "warning"} else None)
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("dialog", lambda shown: wrong.append(f"dialog {shown.message}"))
    made.on(
        "request",
        lambda sent: None if sent.url.startswith((console.url, "data:", "blob:")) else wrong.append(sent.url),
    )
    enter(made, console.link())
    yield made
    assert wrong == []


def enter(page: Page, link: str) -> None:
    """Sign in with a link."""
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Dashboard").wait_for()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, which `npm ci` in console/ installs."""
    path = Path(__file__).resolve().parents[2] / "console/node_modules/axe-core/axe.min.js"
    if not path.is_file():
        pytest.skip("axe-core is not installed: npm ci in console/")
    return path.read_text()
