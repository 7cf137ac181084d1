"""``GET /reports/<id>``: a completed report, by a signed link of `SignedLinks` (F7.8).

The link is the only credential: there is no key, cookie or list. Answers must therefore not be cached, and a wrong
link, an expired one and one to a deleted report get the same answer.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from openinspector.model.errors import StoreError
from openinspector.model.report import Report, ReportFormat, ReportStatus
from openinspector.service.app.report_vault import ReportVault
from openinspector.service.app.signed_links import REPORTS, SignedLinks
from openinspector.service.ports.report_store import ReportStore

_FORBIDDEN: Final = 403
_UNAVAILABLE: Final = 503
_PIECE: Final = 64 * 1024
_TYPES: Final = {ReportFormat.HTML: "text/html; charset=utf-8", ReportFormat.PDF: "application/pdf"}
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
REFUSED: Final = (
    "This link is not valid: it has expired, is incomplete, or its report was deleted.\n"
    "Links expire after an hour. Ask for a new one: openinspector reports get RUN_ARN\n"
)

_log = structlog.get_logger()


def routes(reports: ReportStore, vault: ReportVault, links: SignedLinks, now: Callable[[], datetime]) -> list[Route]:
    """Return the route."""

    def download(report_id: str, expires: str, signature: str) -> Response:
        if not links.is_good(report_id, expires, signature, now()):
            return PlainTextResponse(REFUSED, _FORBIDDEN, _HEADERS)
        report = reports.get(report_id)
        if report is None or report.status is not ReportStatus.COMPLETED:
            return PlainTextResponse(REFUSED, _FORBIDDEN, _HEADERS)
        try:
            content = vault.open(report)
        except StoreError:
            _log.exception("report_download unreadable", report=report.id)
            return PlainTextResponse("The report cannot be read; the service's log says why.\n", _UNAVAILABLE, _HEADERS)
        return StreamingResponse(
            _pieces(content),
            media_type=_TYPES[report.format],
            headers={
                **_HEADERS,
                "content-length": str(len(content)),
                "content-disposition": f'attachment; filename="{file_name(report)}"',
            },
        )

    async def answer(request: Request) -> Response:
        """Answer a request in a thread, because decrypting a report takes time."""
        query = request.query_params
        return await run_in_threadpool(
            download, request.path_params["report"], query.get("expires", ""), query.get("signature", "")
        )

    return [Route(f"{REPORTS.path}{{report}}", answer, methods=["GET"])]


def file_name(report: Report) -> str:
    """Return the file name of a report: its type, its run's id and its format."""
    return f"{report.type.lower()}-report-{report.run_arn.rpartition('/')[2]}.{report.format.lower()}"


def _pieces(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]
