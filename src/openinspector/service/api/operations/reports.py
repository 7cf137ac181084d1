"""Reports: polled until they are complete, then downloaded by a link (F7.1, F7.2)."""

import uuid

from openinspector.model.report import ReportFormat, ReportStatus, ReportType
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app.reports import ReportRequest


def get_assessment_report(services: ApiServices, arguments: Json) -> Json:
    """Return the status of a report, and once it is complete a link that is valid for an hour."""
    wanted = ReportRequest(
        run_arn=arguments["assessmentRunArn"],
        type=ReportType(arguments["reportType"]),
        format=ReportFormat(arguments["reportFileFormat"]),
    )
    report = services.app.reports.get(wanted, str(uuid.uuid4()))
    if report.status is not ReportStatus.COMPLETED:
        return {"status": report.status.value}
    return {"status": report.status.value, "url": services.report_links.make(report.id, services.clock.now())}
