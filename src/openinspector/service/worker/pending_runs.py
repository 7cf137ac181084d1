"""Start the workflows of runs that have none."""

from collections.abc import Collection
from dataclasses import dataclass

from openinspector.model.run_state import IN_PROGRESS, AssessmentRunState
from openinspector.service.app.run_workflow import RUN_WORKFLOW
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.workflows import Workflows


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRuns:
    """Resumes runs that were stored but whose workflow never started."""

    assessments: AssessmentStore
    workflows: Workflows

    def start(self, states: Collection[AssessmentRunState] = IN_PROGRESS) -> int:
        """Start the workflow of every run in ``states`` that has none; return the number of runs checked.

        The process may have died after a run was stored, or the workflow database may have refused. Only its workflow
        moves a run out of CREATED, so once the service is up that is the only state to check. A workflow's id is its
        run's ARN: of two starts, one has no effect. A stop requested meanwhile is stored with the run and read first.
        """
        runs = self.assessments.runs_in_states(sorted(states))
        for run in runs:
            self.workflows.start(RUN_WORKFLOW, run.arn, run.arn)
        return len(runs)
