"""New files are private: ``UMASK`` of login.defs(5)."""

from typing import Final

from openinspector.engine.completeness import unseen
from openinspector.engine.detection import detection
from openinspector.engine.rule import Detected, NotApplicable, Outcome, Passed, Rule, RuleContext
from openinspector.model.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.finding import INSTANCE, Severity
from openinspector.model.inventory import LoginDefinitions

PRIVATE: Final = ("027", "077", "0027", "0077")


def evaluate(facts: HostFacts, _context: RuleContext) -> Outcome:
    """Compare the setting with the private values."""
    if gap := unseen(facts, RULE.sensors):
        return gap
    definitions = facts.only(LoginDefinitions)
    if definitions is None:
        return NotApplicable(reason="The host has no /etc/login.defs.")
    umask = definitions.values.get("UMASK", "022")
    evidence = Evidence(statement=f"UMASK is {umask}", source="/etc/login.defs")
    if umask in PRIVATE:
        return Passed(evidence=evidence)
    title = f"Instance {INSTANCE} lets everybody read new files."
    return Detected(detections=(detection(RULE, title, RULE.recommendation, evidence),))


RULE: Final = Rule(
    name="default_umask",
    title="Configure a private default umask",
    severity=Severity.LOW,
    description="This rule helps determine whether new files on your instances can be read by every user.",
    recommendation="Set `UMASK 027` in /etc/login.defs.",
    reads=(LoginDefinitions,),
    sensors=("login_definitions",),
    evaluate=evaluate,
    linux_only=True,
)
