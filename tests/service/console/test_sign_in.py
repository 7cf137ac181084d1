"""Sign-in, links and sign-out in plain pages: no script, no open redirect, no form of another site."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from tests.service.console.console_world import OWN, PASSWORD, ConsoleWorld, open_console

from openinspector.service.app.users import ATTEMPTS, digest
from openinspector.service.console.browser import COOKIE
from openinspector.service.ports.user_store import ConsoleRole

HOUR = timedelta(hours=1)


@pytest.fixture
def console(tmp_path: Path) -> ConsoleWorld:
    return open_console(tmp_path)


def test_sign_in_sets_a_strict_cookie(console: ConsoleWorld) -> None:
    response = console.form("/console/sign-in", name="viewer", password=PASSWORD)
    assert (response.status_code, response.headers["location"]) == (303, "/console/")
    cookie = response.headers["set-cookie"]
    assert re.fullmatch(rf"{COOKIE}=[0-9a-f]{{64}}; HttpOnly; Path=/; SameSite=strict; Secure", cookie)
    session = cookie.partition("=")[2].partition(";")[0]
    reported = console.request("GET", "/console/session", session, headers=OWN)
    assert reported.json() == {"user": "viewer", "role": "viewer"}


def test_sign_in_replaces_the_session_of_the_browser(console: ConsoleWorld) -> None:
    """A session id that someone else planted is worthless after sign-in."""
    planted = console.sessions[ConsoleRole.VIEWER]
    response = console.form("/console/sign-in", planted, name="viewer", password=PASSWORD)
    assert planted not in response.headers["set-cookie"]
    assert console.users.user_of_session(planted) is None


def test_wrong_password(console: ConsoleWorld) -> None:
    for name in ("viewer", "nobody", "<script>alert(1)</script>"):
        response = console.form("/console/sign-in", name=name, password="wrong")
        assert response.status_code == 401
        assert "The name or the password is wrong." in response.text
        assert "<script" not in response.text
        assert "set-cookie" not in response.headers


def test_throttled(console: ConsoleWorld) -> None:
    for _ in range(ATTEMPTS):
        console.form("/console/sign-in", name="viewer", password="wrong")
    response = console.form("/console/sign-in", name="viewer", password=PASSWORD)
    assert response.status_code == 429
    assert "Wait five minutes" in response.text


@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("/findings?severity=High", "/console/#/findings?severity=High"),
        ("", "/console/"),
        ("https://evil.example", "/console/"),
        ("//evil.example", "/console/#//evil.example"),
        ("javascript:alert(1)", "/console/"),
        ("/x\r\nset-cookie: a=b", "/console/"),
    ],
)
def test_the_place_after_sign_in_is_always_the_console(console: ConsoleWorld, asked: str, location: str) -> None:
    response = console.form("/console/sign-in", name="viewer", password=PASSWORD, to=asked)
    assert response.headers["location"] == location


def test_a_link_is_used_by_its_form_only(console: ConsoleWorld) -> None:
    secret = console.users.make_link("viewer", HOUR)
    for _ in range(2):
        shown = console.request("GET", f"/console/link?secret={secret}")
        assert (shown.status_code, "Sign in as viewer" in shown.text) == (200, True)
    used = console.form("/console/link", secret=secret)
    assert (used.status_code, used.headers["location"]) == (303, "/console/")
    again = console.form("/console/link", secret=secret)
    assert (again.status_code, "This link is not valid" in again.text) == (403, True)
    assert console.request("GET", f"/console/link?secret={secret}").status_code == 403


def test_a_link_sets_a_password(console: ConsoleWorld) -> None:
    secret = console.users.make_link("viewer", HOUR)
    short = console.form("/console/link", secret=secret, password="short")
    assert (short.status_code, "at least 12 characters" in short.text) == (400, True)
    assert console.form("/console/link", secret=secret, password="a new password").status_code == 303
    assert console.form("/console/sign-in", name="viewer", password="a new password").status_code == 303


def test_sign_out(console: ConsoleWorld) -> None:
    session = console.sessions[ConsoleRole.VIEWER]
    response = console.form("/console/sign-out", session)
    assert response.headers["location"] == "/console/sign-in"
    assert "Max-Age=0" in response.headers["set-cookie"]
    assert console.request("GET", "/console/session", session, headers=OWN).status_code == 401


@pytest.mark.parametrize("path", ["/console/sign-in", "/console/link", "/console/sign-out"])
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "none"},
        {},
        {"origin": "https://evil.example"},
        {"origin": "http://testserver"},
        {"origin": "null"},
    ],
)
def test_a_form_of_another_site_is_refused(console: ConsoleWorld, path: str, headers: dict[str, str]) -> None:
    session = console.sessions[ConsoleRole.VIEWER]
    response = console.form(path, session, headers, name="viewer", password=PASSWORD)
    assert (response.status_code, "Not from the console" in response.text) == (403, True)
    assert console.users.user_of_session(session) is not None


def test_a_browser_without_fetch_metadata_signs_in(console: ConsoleWorld) -> None:
    headers = {"origin": "https://testserver"}
    assert console.form("/console/sign-in", "", headers, name="viewer", password=PASSWORD).status_code == 303


def test_malformed_forms(console: ConsoleWorld) -> None:
    for body in (b"\xff\xfe", b"&".join([b"a=1"] * 50), b"a=" + b"x" * 2_000_000):
        response = console.request("POST", "/console/sign-in", content=body, headers=OWN)
        assert (response.status_code, "malformed or too large" in response.text) == (400, True)


def test_plain_pages_have_no_script_and_cannot_be_framed(console: ConsoleWorld) -> None:
    for path in ("/console/sign-in", "/console/link?secret=x", "/console/plain.css"):
        response = console.request("GET", path)
        assert "<script" not in response.text
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


def test_the_session_is_shown_to_the_console_s_script_only(console: ConsoleWorld) -> None:
    session = console.sessions[ConsoleRole.VIEWER]
    assert console.request("GET", "/console/session", session).status_code == 403
    assert console.request("GET", "/console/session", headers=OWN).status_code == 401


def test_sessions_are_listed_and_ended(console: ConsoleWorld) -> None:
    """A browser left signed in elsewhere is signed out from here."""
    mine = console.sessions[ConsoleRole.VIEWER]
    other = console.users.use_link(console.users.make_link("viewer", HOUR), "")
    assert other is not None
    listed = console.request("GET", "/console/sessions", mine).text
    assert listed.count("<form") == 2
    assert listed.count("(this browser)") == 1
    assert other not in listed
    response = console.form("/console/sessions", mine, ended=digest(other))
    assert (response.status_code, response.headers["location"]) == (303, "/console/sessions")
    assert console.users.user_of_session(other) is None
    assert console.users.user_of_session(mine) is not None


def test_others_end_no_session_of_a_user(console: ConsoleWorld) -> None:
    administrator = console.sessions[ConsoleRole.ADMINISTRATOR]
    console.form("/console/sessions", console.sessions[ConsoleRole.VIEWER], ended=digest(administrator))
    assert console.users.user_of_session(administrator) is not None


def test_sessions_need_a_session(console: ConsoleWorld) -> None:
    response = console.request("GET", "/console/sessions")
    assert (response.status_code, response.headers["location"]) == (303, "/console/sign-in")


def test_a_form_of_another_site_ends_no_session(console: ConsoleWorld) -> None:
    mine = console.sessions[ConsoleRole.VIEWER]
    response = console.form("/console/sessions", mine, {"sec-fetch-site": "cross-site"}, ended=digest(mine))
    assert response.status_code == 403
    assert console.users.user_of_session(mine) is not None
