"""An export has every finding that matches, as text that no spreadsheet executes."""

import asyncio
import csv
import io
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette
from tests.service.api.operations.caller import Caller

from openinspector.model.finding import Finding, Severity
from openinspector.service.api.finding_export import routes
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import open_installation

RUN = builders.run().arn
COUNT = 2050
"""More than two pages."""


def made(number: int) -> Finding:
    severity = list(Severity)[number % 5]
    body = builders.stated_issue(number % 50, severity=severity, title="=cmd|' /C calc'!A0")
    return builders.finding(number, RUN, body=body, asset=builders.asset(number % 3 + 1))


@pytest.fixture
def call(tmp_path: Path) -> Caller:
    built = open_installation(tmp_path)
    store = built.stores.assessments
    store.add_target(builders.target())
    store.add_template(builders.template())
    store.add_run(builders.run(), ())
    built.produced(*map(made, range(1, COUNT + 1)))
    built.complete_run(RUN)
    built.assembly.run_summaries().make_pending()
    return Caller(built=built)


def fetched(call: Caller, url: str) -> Response:
    application = Starlette(routes=routes(call.built.services))

    async def ask() -> Response:
        split = urlsplit(url)
        base = f"{split.scheme}://{split.netloc}"
        async with AsyncClient(transport=ASGITransport(application), base_url=base) as client:
            return await client.get(f"{split.path}?{split.query}")

    return asyncio.run(ask())


def rows(call: Caller, **asked: Any) -> list[dict[str, str]]:
    response = fetched(call, call("ExportFindings", format="CSV", **asked)["url"])
    assert response.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))


def test_csv_has_every_finding_once(call: Caller) -> None:
    found = rows(call)
    assert len({row["ARN"] for row in found}) == len(found) == COUNT
    assert [row["Severity"] for row in found] == sorted(
        (row["Severity"] for row in found), key=[severity.value for severity in Severity].index
    )


def test_cells_are_not_formulas(call: Caller) -> None:
    found = rows(call, ruleNames=["CVE-2026-0001"])
    assert {row["Title"] for row in found} == {"'=cmd|' /C calc'!A0"}
    assert not [cell for row in found for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(
    "asked",
    [
        {"severities": ["High"]},
        {"agentIds": [builders.agent_id(2)]},
        {"ruleNames": ["CVE-2026-0007"], "severities": ["Low"]},
        {"rulesPackageArns": [builders.rules_package_arn(9)]},
    ],
)
def test_an_export_matches_the_list(call: Caller, asked: dict[str, Any]) -> None:
    assert len(rows(call, **asked)) == call("ListFindingRows", **asked)["total"]


def test_json_has_a_finding_on_each_line(call: Caller) -> None:
    response = fetched(call, call("ExportFindings", format="JSON", severities=["High"])["url"])
    lines = [msgspec.json.decode(line) for line in response.content.splitlines()]
    described = call("DescribeFindings", findingArns=[lines[0]["arn"]])["findings"][0]
    assert lines[0] == described
    assert {line["severity"] for line in lines} == {"High"}


def test_a_link_ends_and_cannot_be_changed(call: Caller) -> None:
    url = call("ExportFindings", format="CSV")["url"]
    assert fetched(call, url.replace("/exports/", "/exports/A")).status_code == 403
    call.built.clock.advance(301)
    assert fetched(call, url).status_code == 403


def test_a_filter_too_long_for_a_link_is_refused(call: Caller) -> None:
    names = [f"{number:03d}{'x' * 900}" for number in range(9)]
    assert call.refusal("ExportFindings", format="CSV", ruleNames=names)[0] == "InvalidInputException"


def test_nothing_to_export(tmp_path: Path) -> None:
    empty = Caller(built=open_installation(tmp_path))
    assert empty.refusal("ExportFindings", format="CSV")[0] == "NoSuchEntityException"
