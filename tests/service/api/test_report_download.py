"""A link leads to its report, whole and as a file; anything else to the same plain refusal."""

import asyncio
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from openinspector.model.report import Report, ReportFormat
from openinspector.service.api.report_download import REFUSED, routes
from openinspector.testing.conformance.report_store import report
from openinspector.testing.installation import BuiltInstallation, open_installation

CONTENT = b"<!doctype html>" + bytes(range(256)) * 1000
BASE = "https://inspector.example:8443"


@pytest.fixture
def built(tmp_path: Path) -> BuiltInstallation:
    return open_installation(tmp_path)


def kept(built: BuiltInstallation, number: int = 1, layout: ReportFormat = ReportFormat.HTML) -> Report:
    made = built.stores.reports.begin(report(number, format=layout))
    wrapped = built.around.report_vault.put(made, CONTENT)
    built.stores.reports.complete(made.id, built.clock.now(), wrapped)
    return made


def link(built: BuiltInstallation, made: Report) -> str:
    return built.services.report_links.make(made.id, built.clock.now())


def fetched(built: BuiltInstallation, url: str, method: str = "GET") -> Response:
    links, clock = built.services.report_links, built.clock
    found = routes(built.stores.reports, built.around.report_vault, links, clock.now)

    async def ask() -> Response:
        transport = ASGITransport(Starlette(routes=found))
        async with AsyncClient(transport=transport, base_url=BASE) as client:
            response: Response = await client.request(method, url)
            return response

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("layout", "type_", "name"),
    [
        (ReportFormat.HTML, "text/html; charset=utf-8", "finding-report-0-00000001.html"),
        (ReportFormat.PDF, "application/pdf", "finding-report-0-00000001.pdf"),
    ],
)
def test_a_link_leads_to_its_report(built: BuiltInstallation, layout: ReportFormat, type_: str, name: str) -> None:
    answer = fetched(built, link(built, kept(built, layout=layout)))
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-type"] == type_
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["content-length"] == str(len(CONTENT))


def test_headers_prevent_caching_and_script(built: BuiltInstallation) -> None:
    good = link(built, kept(built))
    for answer in (fetched(built, good), fetched(built, f"{good}0")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_expired_link_is_explained(built: BuiltInstallation) -> None:
    good = link(built, kept(built))
    built.clock.advance(3599)
    assert fetched(built, good).status_code == 200
    built.clock.advance(2)
    answer = fetched(built, good)
    assert (answer.status_code, answer.text) == (403, REFUSED)


def test_every_wrong_link_is_refused_alike(built: BuiltInstallation) -> None:
    good, other = link(built, kept(built)), kept(built, 2)
    in_progress = built.stores.reports.begin(report(3))
    gone = report(4)
    wrong = [
        good.replace(report().id, other.id),
        good.replace("signature=", "signature=0"),
        good.replace("expires=", "expires=9"),
        good.partition("?")[0],
        good.partition("&")[0],
        f"/reports/{other.id}?expires=99999999999&signature=",
        f"/reports/{report().id}?expires=%00&signature=%ff",
        link(built, in_progress),
        link(built, gone),
    ]
    answers = [fetched(built, url) for url in wrong]
    assert {(answer.status_code, answer.text) for answer in answers} == {(403, REFUSED)}


def test_list_and_post_are_refused(built: BuiltInstallation) -> None:
    good = link(built, kept(built))
    assert [fetched(built, path).status_code for path in ("/reports", "/reports/")] == [404, 404]
    assert fetched(built, good, "POST").status_code == 405


def test_a_damaged_report_is_not_sent_in_part(built: BuiltInstallation, tmp_path: Path) -> None:
    made = kept(built)
    (path,) = (one for one in tmp_path.rglob(made.id) if one.is_file())
    path.write_bytes(path.read_bytes()[:-1])
    answer = fetched(built, link(built, made))
    assert answer.status_code == 503
    assert b"doctype" not in answer.content
