"""What every assessment store keeps to. Subclass, and give the fixture ``store`` an empty one."""

from openinspector.testing.conformance.assessment_runs import RunSuite
from openinspector.testing.conformance.assessment_targets import TargetSuite
from openinspector.testing.conformance.assessment_templates import TemplateSuite


class AssessmentStoreSuite(TargetSuite, TemplateSuite, RunSuite):
    """The laws of `AssessmentStore`, noun by noun."""
