"""Results of benchmarks in a run: passed, failed, not judged, by benchmark, section and control."""

from dataclasses import dataclass

from openinspector.service.app import arguments
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.rule_result_store import RuleResultStore
from openinspector.service.reports.benchmarks import BenchmarkTally, benchmark_tallies


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkResults:
    """Counts the outcomes of controls."""

    assessments: AssessmentStore
    rule_results: RuleResultStore

    def of_run(self, run_arn: str) -> tuple[BenchmarkTally, ...]:
        """Return the benchmarks of a run, of the hosts evaluated so far. InvalidInput, NoSuchEntity."""
        run = arguments.existing_run(self.assessments, run_arn)
        return benchmark_tallies(self.rule_results.tallies(run.arn))
