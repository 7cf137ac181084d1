"""Numbers of targets, templates and runs in a store, for tests."""

from functools import partial

from openinspector.service.ports.assessment_store import AssessmentStore, RunFilter, TemplateFilter
from openinspector.service.ports.page import all_rows


def count_targets(store: AssessmentStore) -> int:
    """Return the number of targets."""
    return sum(1 for _ in all_rows(partial(store.list_targets, None)))


def count_templates(store: AssessmentStore) -> int:
    """Return the number of templates."""
    return sum(1 for _ in all_rows(partial(store.list_templates, TemplateFilter())))


def count_runs(store: AssessmentStore) -> int:
    """Return the number of runs."""
    return sum(1 for _ in all_rows(partial(store.list_runs, RunFilter())))
