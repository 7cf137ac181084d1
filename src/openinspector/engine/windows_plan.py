"""The fix plan of a Windows host: one cumulative update, and a restart.

An update of Windows contains all before it, so the newest fixed build that a finding needs closes every finding.
"""

from collections.abc import Sequence

from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.urgency import urgency_of, worst
from openinspector.engine.windows import WindowsMatch, assess_windows, windows_host
from openinspector.model.exposure import Exposure
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import OperatingSystem
from openinspector.model.plan import Plan, PlanLimit, Reboot, Remaining, Remains, WindowsStep


def windows_plan(facts: HostFacts, system: OperatingSystem, index: AdvisoryIndex, limit: PlanLimit) -> Plan:
    """Return the plan of a host that runs Windows."""
    host = windows_host(facts)
    step: WindowsStep | None = None
    reboot: Reboot | None = None
    remains: tuple[Remaining, ...] = ()
    not_assessed = ""
    if host is None or host.version.revision_of_branch is None:
        not_assessed = "The update revision (UBR) of Windows is unknown."
    elif not index.covers(facts.distribution):
        not_assessed = f"No feed in use covers {facts.distribution}."
    else:
        found = assess_windows(facts, host, index).matches
        allowed = [one for one in found if limit is PlanLimit.ALL or not one.needs_restart]
        remains = tuple(
            Remaining(finding=one.vulnerability, package=host.title, why=Remains.NEEDS_REBOOT)
            for one in found
            if one not in allowed
        )
        waiting = [one for one in allowed if one.waiting is not None]
        missing = [one for one in allowed if one.waiting is None]
        step = _step(missing, host.title, str(host.version), index) if missing else None
        reboot = _reboot(waiting, missing)
    return Plan(
        agent_id=facts.agent_id,
        hostname=system.hostname,
        distribution=facts.distribution,
        steps=(),
        windows=step,
        reboot=reboot,
        remains=remains,
        not_assessed=not_assessed,
    )


def _step(missing: Sequence[WindowsMatch], product: str, build: str, index: AdvisoryIndex) -> WindowsStep:
    newest = max(missing, key=lambda one: one.fixed.revision or 0)
    return WindowsStep(
        product=product,
        installed=build,
        required=str(newest.fixed),
        updates=tuple(dict.fromkeys(remedy.update for remedy in newest.remedies)),
        closes=tuple(one.vulnerability for one in missing),
        urgency=worst(
            urgency_of(
                index.vulnerability(one.vulnerability),
                index.scores(one.vulnerability),
                {one.advisory.feed},
                Exposure.RUNNING_KERNEL,
            )
            for one in missing
        ),
    )


def _reboot(waiting: Sequence[WindowsMatch], missing: Sequence[WindowsMatch]) -> Reboot | None:
    updates = dict.fromkeys(one.waiting.kb or one.waiting.package for one in waiting if one.waiting is not None)
    reasons = [f"{update} is on the disk and not in force." for update in updates]
    if any(one.needs_restart for one in missing):
        reasons.append("Windows is updated.")
    if not reasons:
        return None
    return Reboot(reasons=tuple(reasons), closes=tuple(one.vulnerability for one in waiting))
