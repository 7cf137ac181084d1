"""Texts of a vulnerability of Windows itself (F5.9 to F5.15)."""

from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.engine.attribute_values import some
from openinspector.engine.finding_texts.texts import Texts
from openinspector.engine.rating import rating_attributes
from openinspector.model.evidence import Evidence
from openinspector.model.finding import Attribute, UpdateRestart, VulnerableWindows, WindowsUpdate

_REGISTRY: Final = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion"


def texts(body: VulnerableWindows, instance: str) -> Texts:
    """Return the texts on an instance."""
    statement = f"{body.product}, build {body.build}, is vulnerable to {body.rule_id}."
    return Texts(
        title=f"Instance {instance} is vulnerable to {body.rule_id}",
        description=_description(body),
        recommendation=recommendation(body),
        evidence=Evidence(statement=statement, because=tuple(_evidence(body))),
    )


def attributes(body: VulnerableWindows) -> tuple[Attribute, ...]:
    """Return builds, updates, the advisory, scores and what is known of exploits."""
    return (
        *some("CVE_ID", body.rule_id),
        *some("package_name", body.product),
        *some("package_version", body.build),
        *some("fixed_version", body.fixed),
        *some("KB", ", ".join(dict.fromkeys(update.name for update in body.updates))),
        *some("RESTART", body.restart.value),
        *some("ADVISORY_ID", body.advisory.id),
        *some("ADVISORY_FEED", body.advisory.feed),
        *some("VENDOR_PRIORITY", body.advisory.priority.value),
        *rating_attributes(body.scores, body.cwes, body.record),
    )


def recommendation(body: VulnerableWindows) -> str:
    """Return what to install, or to restart."""
    if body.waiting is not None:
        named = body.waiting.kb or body.waiting.package
        return (
            f"Restart the host: {named} has the fix and is on the disk, but build {body.build} still runs. "
            f"If the build is not at least {body.fixed} afterwards, install the update again."
        )
    updates = _updates(body.updates)
    install = (
        f"Install {updates}, or a later cumulative update"
        if updates
        else f"Install a cumulative update that raises {body.product} to build {body.fixed} or later"
    )
    return f"{install}{', and restart the host' if body.restart is UpdateRestart.YES else ''}."


def _description(body: VulnerableWindows) -> str:
    advisory = body.advisory
    parts = [
        f"Affected on this host: {body.product}, build {body.build}. First fixed build: {body.fixed}.",
        f"{advisory.id} ({advisory.feed}): {advisory.summary}".rstrip(": "),
        *((f"References: {' '.join(body.references)}",) if body.references else ()),
    ]
    return "\n\n".join(parts)


def _updates(updates: Iterable[WindowsUpdate]) -> str:
    return " or ".join(dict.fromkeys(f"{one.name} ({one.kind})" if one.kind else one.name for one in updates))


def _evidence(body: VulnerableWindows) -> Iterator[Evidence]:
    yield Evidence(
        statement=f"The host runs {body.product}, build {body.build} "
        f"({body.installation}, {body.architecture or 'unknown'}).",
        source=_REGISTRY,
    )
    yield Evidence(
        statement=f"{body.advisory.id} says that {body.stated_for} is fixed in {body.fixed}.", source=body.advisory.url
    )
    yield Evidence(statement=f"Revision {body.revision} is older than {body.fixed_revision} of the same branch.")
    waiting = body.waiting
    if waiting is not None:
        yield Evidence(
            statement=f"{waiting.package or waiting.kb} has the fix and is in state {waiting.state}: "
            "it is not in force until the host restarts.",
            source="Component Based Servicing",
        )
    if not body.is_cumulative and body.updates:
        yield from _not_superseded(body.updates)
    for key in body.restart_pending:
        yield Evidence(statement="Windows waits for a restart.", source=key)


def _not_superseded(updates: Iterable[WindowsUpdate]) -> Iterator[Evidence]:
    """Yield why installed updates do not help, and where Microsoft's statements about them have a gap."""
    names = dict.fromkeys(one.name for one in updates)
    yield Evidence(statement=f"None of {', '.join(names)} is installed, nor an update known to supersede them.")
    gaps = dict.fromkeys(one.name for one in updates if not one.supersedes)
    if gaps:
        yield Evidence(
            statement=f"Microsoft does not say what {', '.join(gaps)} supersedes: a later update may "
            "have the fix without raising the build."
        )
