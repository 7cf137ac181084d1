"""The service as it is built: what it does by itself while it is up. Real stores and workflows, no listener."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from openinspector.model.run_state import AssessmentRunState
from openinspector.service.bootstrap import Service, build_service
from openinspector.service.settings import Settings
from openinspector.testing import model_builders as builders

_WAIT_SECONDS = 60


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    built = build_service(Settings(data_dir=tmp_path))
    built.start()
    yield built
    built.stop()


def comes_true(is_so: Callable[[], bool]) -> bool:
    """Return True if the condition holds before the time is over."""
    ends = time.monotonic() + _WAIT_SECONDS
    while not is_so() and time.monotonic() < ends:
        time.sleep(0.05)
    return is_so()


def test_orphaned_run_is_driven_at_start(service: Service) -> None:
    """As StartAssessmentRun leaves it where the workflow database refused."""
    assessments, run = service.stores.assessments, builders.run()
    assessments.add_target(builders.target())
    assessments.add_template(builders.template())
    time.sleep(0.5)  # the first turns are over
    assessments.add_run(run, [])
    assert comes_true(lambda: assessments.runs_by_arn([run.arn])[run.arn].state is not AssessmentRunState.CREATED)


def test_interrupted_deletion_does_not_block_start(tmp_path: Path) -> None:
    """Nor is it seen any more, though the object store does not answer."""
    built = build_service(Settings(data_dir=tmp_path))
    objects = tmp_path / "objects"
    shutil.rmtree(objects)
    objects.write_text("no folder")
    built.stores.findings.add_findings([builders.finding(1, builders.run(9).arn)])
    built.start()
    try:
        assert comes_true(lambda: built.stores.findings.runs() == [])
        assert comes_true(lambda: built.stores.rule_results.runs() == [builders.run(9).arn])
    finally:
        built.stop()
