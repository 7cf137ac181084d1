"""``GET /exports/<query>``: the findings of a run as CSV or as lines of JSON, by a signed link of `SignedLinks`.

Rows are read a page at a time and sent as they are read, so that memory does not grow with their number. A cell that a
spreadsheet would take for a formula begins with an apostrophe (OWASP, CSV injection).
"""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from openinspector.engine.finding_text import finding_text
from openinspector.engine.run_summary import subject_of
from openinspector.model.errors import OpenInspectorError
from openinspector.model.finding import Finding
from openinspector.service.api.operations.findings import render_finding
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import wire_value
from openinspector.service.app.export_query import parse_export_query
from openinspector.service.app.signed_links import EXPORTS
from openinspector.service.ports.finding_store import FindingFilter

_FORBIDDEN: Final = 403
_PIECE: Final = 64 * 1024
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_REFUSED: Final = "This link is not valid: it has expired or is incomplete. Ask ExportFindings for a new one.\n"
_COLUMNS: Final = (
    "Severity",
    "Finding",
    "Subject",
    "Title",
    "Host",
    "Host id",
    "Rules package",
    "Found",
    "Recommendation",
    "ARN",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

_log = structlog.get_logger()


def routes(services: ApiServices) -> list[Route]:
    """Return the route."""

    def export(item: str, expires: str, signature: str) -> Response:
        if not services.export_links.is_good(item, expires, signature, services.clock.now()):
            return PlainTextResponse(_REFUSED, _FORBIDDEN, _HEADERS)
        query = parse_export_query(item)
        findings = services.app.issues.export(
            query.run,
            FindingFilter(
                severities=query.severities,
                rule_names=query.rule_names,
                agent_ids=query.agent_ids,
                rules_package_arns=query.rules_package_arns,  # type: ignore[arg-type] # checked before it was signed
            ),
        )
        lines, media = (_csv(services, findings), "text/csv") if query.format == "CSV" else (_json(findings), _JSON)
        name = f"findings-{query.run.rpartition('/')[2]}.{'csv' if query.format == 'CSV' else 'jsonl'}"
        headers = {**_HEADERS, "content-disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(_pieces(lines), media_type=media, headers=headers)

    async def answer(request: Request) -> Response:
        """Answer with the file, or refuse the link."""
        query = request.query_params
        return await run_in_threadpool(
            export, request.path_params["query"], query.get("expires", ""), query.get("signature", "")
        )

    return [Route(f"{EXPORTS.path}{{query}}", answer, methods=["GET"])]


_JSON: Final = "application/jsonl"


def _json(findings: Iterable[Finding]) -> Iterator[bytes]:
    """Yield a line for each finding, as DescribeFindings returns it."""
    return (msgspec.json.encode(wire_value(render_finding(one))) + b"\n" for one in findings)


def _csv(services: ApiServices, findings: Iterable[Finding]) -> Iterator[bytes]:
    """Yield the lines of RFC 4180, in UTF-8 with the mark that spreadsheets look for."""
    names = {package.arn: package.name for package in services.app.rules_packages.rules_packages}
    yield "\ufeff".encode()
    yield _line(_COLUMNS)
    for finding in findings:
        text, asset = finding_text(finding), finding.asset
        yield _line(
            (
                finding.severity,
                finding.rule_id,
                subject_of(finding.body),
                text.title,
                asset.hostname or "",
                asset.agent_id or "",
                names.get(finding.rules_package_arn, finding.rules_package_arn),
                finding.created_at.isoformat(),
                text.recommendation,
                finding.arn,
            )
        )


def _line(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(
        f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells
    )
    return line.getvalue().encode()


def _pieces(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Join lines into pieces. If reading fails, the connection is broken off, so that no file looks complete."""
    piece = bytearray()
    try:
        for line in lines:
            piece += line
            if len(piece) >= _PIECE:
                yield bytes(piece)
                piece.clear()
    except OpenInspectorError:
        _log.exception("finding_export broken off")
        raise
    yield bytes(piece)
