from openinspector.testing import model_builders as builders
from openinspector.testing.counts import count_runs, count_targets, count_templates
from openinspector.testing.memory_assessment_store import MemoryAssessmentStore


def test_each_kind_is_counted() -> None:
    store = MemoryAssessmentStore()
    store.add_target(builders.target(1))
    for number in (1, 2):
        store.add_template(builders.template(number))
    for number in (1, 2, 3):
        store.add_run(builders.run(number), ())
    assert (count_targets(store), count_templates(store), count_runs(store)) == (1, 2, 3)
