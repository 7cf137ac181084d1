"""Every code has one status, and refusals carry what to do."""

import msgspec
import pytest

from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.gateway.problem import STATUS, render_problem
from openinspector.wire.message import Problem


@pytest.mark.parametrize("code", RefusalCode)
def test_every_code_has_a_status_and_renders(code: RefusalCode) -> None:
    response = render_problem(RefusedError(code, "what happened", advice="what to do", retry_after=3))
    assert response.status_code == STATUS[code]
    assert response.headers["retry-after"] == "3"
    assert msgspec.json.decode(response.body, type=Problem) == Problem(
        code=code.value, message="what happened", advice="what to do"
    )


def test_only_documented_statuses_are_used() -> None:
    assert set(STATUS.values()) == {400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503}


def test_retry_after_is_omitted_without_a_time() -> None:
    assert "retry-after" not in render_problem(RefusedError(RefusalCode.UNSIGNED, "x")).headers
