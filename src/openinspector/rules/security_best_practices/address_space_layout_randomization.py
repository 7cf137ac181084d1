"""Address space layout randomization is fully enabled (F5.63 rule 7; proc_sys_kernel(5), randomize_va_space)."""

from typing import Final

from openinspector.engine.completeness import unable, unseen
from openinspector.engine.detection import detection
from openinspector.engine.rule import Detected, Outcome, Passed, Rule, RuleContext
from openinspector.model.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.finding import INSTANCE, Severity
from openinspector.model.ground import setting
from openinspector.model.inventory import KernelParameters

PARAMETER: Final = "kernel.randomize_va_space"
PATH: Final = "/proc/sys/kernel/randomize_va_space"
_MEANING: Final = {
    "0": "off",
    "1": "on for the stack, libraries and mappings, off for the heap",
    "2": "on for everything",
}


def evaluate(facts: HostFacts, _context: RuleContext) -> Outcome:
    """Judge the value of the running kernel."""
    parameters = facts.only(KernelParameters)
    value = parameters.values.get(PARAMETER) if parameters else None
    if value is None:
        return unseen(facts, RULE.sensors) or unable(
            f"The kernel does not have {PARAMETER}.",
            f"Make sure that {PATH} can be read, and start the assessment run again.",
        )
    meaning = _MEANING.get(value)
    if meaning is None:
        return unable(f"{PARAMETER} has the value {value!r}, whose meaning is not known.", RULE.recommendation)
    evidence = Evidence(statement=f"{PARAMETER} is {value}: randomization is {meaning}", source=PATH)
    if value == "2":
        return Passed(evidence=evidence)
    title = f"Instance {INSTANCE} does not have address space layout randomization (ASLR) fully enabled."
    return Detected(detections=(detection(RULE, title, RULE.recommendation, evidence, [setting(PARAMETER, value)]),))


RULE: Final = Rule(
    name="address_space_layout_randomization",
    title="Enable ASLR",
    severity=Severity.MEDIUM,
    description=(
        "This rule helps determine whether address space layout randomization (ASLR) is enabled on the operating "
        "systems of the instances in your assessment target. It makes memory errors harder to exploit."
    ),
    recommendation=(
        f"Run `echo 2 | sudo tee {PATH}` for the running kernel. To keep it after a restart, write "
        f"`{PARAMETER} = 2` to /etc/sysctl.d/60-aslr.conf, remove other values from /etc/sysctl.conf and "
        "/etc/sysctl.d, and remove `norandmaps` from the kernel's command line."
    ),
    reads=(KernelParameters,),
    sensors=("kernel_parameters",),
    evaluate=evaluate,
    linux_only=True,
)
