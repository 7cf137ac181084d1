"""Contract tests for every assessment store. Subclass, and provide an empty one as the fixture ``store``."""

from openinspector.testing.conformance.assessment_runs import RunSuite
from openinspector.testing.conformance.assessment_targets import TargetSuite
from openinspector.testing.conformance.assessment_templates import TemplateSuite


class AssessmentStoreSuite(TargetSuite, TemplateSuite, RunSuite):
    """The laws of `AssessmentStore`, noun by noun."""
