"""Memory for data is not executable: the processor has NX and the kernel uses it (F5.63 rule 8).

Only x86 is judged, where ``/proc/cpuinfo`` lists the flag; the vendor's rule does not support ARM.
"""

import re
from typing import Final

from openinspector.engine.completeness import unable, unseen
from openinspector.engine.detection import detection
from openinspector.engine.rule import Detected, NotApplicable, Outcome, Passed, Rule, RuleContext
from openinspector.model.evidence import Evidence
from openinspector.model.facts import HostFacts
from openinspector.model.finding import INSTANCE, Severity
from openinspector.model.ground import setting
from openinspector.model.inventory import ProcessorFeatures

_X86: Final = re.compile(r"x86_64|amd64|i[3-6]86")
CPUINFO: Final = "/proc/cpuinfo"
COMMAND_LINE: Final = "/proc/cmdline"


def evaluate(facts: HostFacts, _context: RuleContext) -> Outcome:
    """Judge the flag, then the kernel's command line."""
    gap = unseen(facts, RULE.sensors)
    processor = facts.only(ProcessorFeatures)
    if processor is None:
        return gap or unable(f"The host does not have {CPUINFO}.")
    if _X86.fullmatch(processor.architecture) is None:
        return NotApplicable(reason=f"The rule does not support processors of architecture {processor.architecture}.")
    title = f"Instance {INSTANCE} does not have Data Execution Prevention (DEP) enabled."
    if not processor.nx_flag:
        evidence = Evidence(
            statement="The processor does not offer no-execute pages: it lacks the flag nx", source=CPUINFO
        )
        return Detected(
            detections=(detection(RULE, title, _OFFER, evidence, [setting("nx", "not offered")]),), unfinished=gap
        )
    if processor.nx_disabled_by:
        argument = processor.nx_disabled_by
        evidence = Evidence(statement=f"The kernel was started with {argument}", source=COMMAND_LINE)
        return Detected(
            detections=(detection(RULE, title, _use(argument), evidence, [setting("nx", argument)]),), unfinished=gap
        )
    if gap is not None:
        return gap
    return Passed(
        evidence=Evidence(
            statement="No-execute pages are in use",
            because=(
                Evidence(statement="The processor has the flag nx", source=CPUINFO),
                Evidence(statement="No kernel argument turns it off", source=COMMAND_LINE),
            ),
        )
    )


_OFFER: Final = (
    "Enable the feature in the firmware (No-Execute, NX, XD or Data Execution Prevention) or, on a virtual machine, "
    "choose a processor model that offers nx; on 32-bit systems install a kernel with PAE."
)


def _use(argument: str) -> str:
    return (
        f"Remove `{argument}` from the kernel's command line (GRUB_CMDLINE_LINUX in /etc/default/grub; then "
        "`update-grub` on Debian and Ubuntu, `grub2-mkconfig -o /boot/grub2/grub.cfg` or `grubby --update-kernel=ALL "
        f"--remove-args={argument}` elsewhere) and restart the host."
    )


RULE: Final = Rule(
    name="data_execution_prevention",
    title="Enable DEP",
    severity=Severity.MEDIUM,
    description=(
        "This rule helps determine whether Data Execution Prevention (DEP) is enabled on the operating systems of the "
        "instances in your assessment target. It protects from attacks that overflow buffers. ARM is not supported."
    ),
    recommendation=f"{_OFFER} Remove `noexec=off` and `noexec32=off` from the kernel's command line.",
    reads=(ProcessorFeatures,),
    sensors=("processor_features",),
    evaluate=evaluate,
    linux_only=True,
)
