import asyncio
from pathlib import Path

from httpx import ASGITransport, AsyncClient, Response
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from openinspector.service.api.metrics import routes
from openinspector.service.app.counters import Counters
from openinspector.testing.installation import BuiltInstallation, open_installation


def scraped(built: BuiltInstallation, authorization: str, method: str = "GET") -> Response:
    counters = Counters()
    counters.answered("ListFindings", "", 0.01)
    application = Starlette(routes=routes(counters.registry, [built.assembly.metrics()], "secret"))

    async def ask() -> Response:
        headers = {b"authorization": authorization.encode("latin-1")}
        async with AsyncClient(transport=ASGITransport(application), base_url="https://testserver") as client:
            response: Response = await client.request(method, "/metrics", headers=headers)
            return response

    return asyncio.run(ask())


def test_a_client_with_the_token_gets_all_metrics(tmp_path: Path) -> None:
    answer = scraped(open_installation(tmp_path), "Bearer secret")
    assert answer.status_code == 200
    families = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {"openinspector_assessment_runs", "openinspector_api_requests", "openinspector_gateway_replies"} <= families


def test_other_clients_are_refused(tmp_path: Path) -> None:
    built = open_installation(tmp_path)
    for wrong in ("", "Bearer", "Bearer secre", "Basic secret", "Bearer secret2", "bearer secret", "Bearer \xe9"):
        answer = scraped(built, wrong)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "openinspector_" not in answer.text
    assert scraped(built, "Bearer secret", "POST").status_code == 405
