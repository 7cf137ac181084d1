"""Texts of a vulnerability of installed packages (F5.9 to F5.15)."""

from collections.abc import Iterable, Iterator

from openinspector.engine.attribute_values import MAX_SAME_KEY, several, some
from openinspector.engine.finding_texts.texts import UPDATE, Texts
from openinspector.engine.rating import rating_attributes
from openinspector.model.advisory import PackageKind, Priority, RecordState
from openinspector.model.evidence import Evidence
from openinspector.model.finding import (
    AdvisoryReference,
    AffectedPackage,
    Attribute,
    CveRecord,
    KernelState,
    VulnerablePackages,
)
from openinspector.model.inventory import PackageManager


def texts(body: VulnerablePackages, instance: str) -> Texts:
    """Return the texts on an instance."""
    verb = "is vulnerable to" if body.is_cve else "lacks the security update"
    title = f"Instance {instance} {verb} {body.rule_id}"
    return Texts(
        title=title,
        description=_description(body),
        recommendation=" ".join(_recommendations(body)),
        evidence=Evidence(statement=title, because=tuple(_why(package, body) for package in body.packages)),
    )


def attributes(body: VulnerablePackages) -> tuple[Attribute, ...]:
    """Return packages, advisories, scores and what is known of exploits; several values of a key, or their count."""
    advisories = body.advisories
    priority = min((advisory.priority for advisory in advisories), key=tuple(Priority).index)
    return (
        *some("CVE_ID", body.rule_id if body.is_cve else ""),
        *_package_attributes(body),
        *several("ADVISORY_ID", (advisory.id for advisory in advisories), "ADVISORIES_OMITTED"),
        *several("ADVISORY_FEED", (advisory.feed for advisory in advisories), "FEEDS_OMITTED"),
        *_feed_dates(advisories),
        *some("VENDOR_PRIORITY", priority.value),
        *rating_attributes(body.scores, body.cwes, body.record),
        *some("EXPOSURE", body.exposure.value),
    )


def _feed_dates(advisories: Iterable[AdvisoryReference]) -> tuple[Attribute, ...]:
    """Return feed and day of the feeds that `several` shows; FEEDS_OMITTED counts the others."""
    days = {one.feed: one.day for one in advisories}
    shown = list(days.items())[:MAX_SAME_KEY]
    return tuple(Attribute(key="ADVISORY_FEED_DATE", value=f"{feed} {day}") for feed, day in shown if day)


def _package_attributes(body: VulnerablePackages) -> Iterator[Attribute]:
    """Yield name, version and fix of each package, in this order."""
    every = list(dict.fromkeys((one.package.name, one.version, one.comparison.fixed) for one in body.packages))
    for name, version, fixed in every[:MAX_SAME_KEY]:
        yield from some("package_name", name)
        yield from some("package_version", version)
        yield from some("fixed_version", fixed)
    if len(every) > MAX_SAME_KEY:
        yield Attribute(key="PACKAGES_OMITTED", value=str(len(every) - MAX_SAME_KEY))


def _description(body: VulnerablePackages) -> str:
    packages = "; ".join(dict.fromkeys(f"{one.package.name} {one.version}" for one in body.packages))
    parts = [f"Affected on this host: {packages}."]
    parts += (f"{one.id} ({one.feed}): {one.summary}".rstrip(": ") for one in body.advisories)
    if body.record is not None:
        parts += _notes(body.record)
    links = " ".join(dict.fromkeys(one.url for one in body.advisories if one.url))
    return "\n\n".join([*parts, *([f"References: {links}"] if links else [])])


def _notes(record: CveRecord) -> Iterable[str]:
    """Yield what a reader must know of the CVE besides the publishers' statements."""
    if record.kev is not None:
        yield f"It is exploited in the wild: in CISA's catalogue since {record.kev.added}."
    match record.state:
        case RecordState.REJECTED:
            yield "CVE has rejected this record; the publishers' statements still stand."
        case RecordState.DISPUTED:
            yield "The CVE record is disputed."
        case RecordState.PUBLISHED:
            pass


def _recommendations(body: VulnerablePackages) -> list[str]:
    """Return one sentence for each thing to do: update, restart, or wait."""
    updates: dict[str, str] = {}
    sentences: list[str] = []
    for one in body.packages:
        kernel = one.kernel
        if kernel is not None and kernel.ready is not None:
            sentences.append(
                f"Restart the host: {kernel.ready.name} {kernel.ready.version} has the fix and is installed, "
                f"but kernel {kernel.release} (build {one.comparison.version}) still runs."
            )
        elif not one.comparison.fixed:
            sentences.append(_no_fix(one, body.advisories))
        else:
            updates[one.package.name] = _goal(one)
    if updates:
        listed = ", ".join(f"{name} to {goal} or later" for name, goal in updates.items())
        command = UPDATE.get(body.packages[0].package.manager, "update")
        sentences.insert(0, f"Update {listed} ({command} {' '.join(to_install(body, updates))}).")
        running = [one.kernel for one in body.packages if one.kernel is not None and one.kernel.runs]
        if running and all(kernel.ready is None for kernel in running):
            sentences.append("Restart the host afterwards, so that the new kernel runs.")
    return list(dict.fromkeys(sentences))


def to_install(body: VulnerablePackages, updates: Iterable[str]) -> list[str]:
    """Return the names to give to the package manager: Debian's kernels are updated through another package."""
    kernels = {one.package.name for one in body.packages if one.kernel is not None}
    if body.packages[0].package.manager is not PackageManager.DPKG or not kernels:
        return list(updates)
    drawing = body.kernel_metapackages or tuple(sorted(kernels))
    return list(dict.fromkeys([*(name for name in updates if name not in kernels), *drawing]))


def _goal(one: AffectedPackage) -> str:
    """Return what to update to: the source's version if the binary's is counted otherwise (``gcc-12-base``)."""
    compared = one.comparison
    if compared.kind is PackageKind.SOURCE and compared.version != one.version:
        return f"a build of {compared.name} {compared.fixed}"
    return f"version {compared.fixed}"


def _no_fix(one: AffectedPackage, advisories: tuple[AdvisoryReference, ...]) -> str:
    compared = one.comparison
    quoted = f" The publisher says: {compared.word}." if compared.word else ""
    return (
        f"No fixed version of {compared.name} is published yet for {compared.stream} "
        f"({advisories[compared.advisory].id}).{quoted} "
        f"Remove {one.package.name} if it is not needed, or limit access to it."
    )


def _why(one: AffectedPackage, body: VulnerablePackages) -> Evidence:
    package, compared = one.package, one.comparison
    advisory = body.advisories[compared.advisory]
    kind = "source package" if compared.kind is PackageKind.SOURCE else "package"
    statement = (
        f"says that {compared.name} in {compared.stream} is fixed in {compared.fixed}"
        if compared.fixed
        else f"has no fix for {compared.name} in {compared.stream}"
    )
    present = one.kernel is None or one.kernel.installed
    children = [
        Evidence(
            statement=f"{package.name} {package.version} ({package.architecture}) is "
            f"{'installed' if present else 'no longer installed, but runs'}.",
            source=f"{package.manager} database",
        ),
        *(_kernel_evidence(one.kernel, compared.version) if one.kernel is not None else ()),
        Evidence(statement=f"{advisory.id} {statement}.", source=advisory.url),
    ]
    if compared.fixed:
        order = f"{compared.version} is older than {compared.fixed} in the order of {package.manager}."
        children.append(Evidence(statement=f"Compared as {kind} {compared.name}: {order}"))
    return Evidence(statement=f"{package.name} {one.version} is affected.", because=tuple(children))


def _kernel_evidence(kernel: KernelState, build: str) -> Iterator[Evidence]:
    if not kernel.release:
        yield Evidence(statement="Which kernel runs is not known.")
    elif not kernel.runs:
        statement = f"It is not the running kernel: {kernel.release} runs, which is of no installed package."
        yield Evidence(statement=statement, source=kernel.uname)
    else:
        yield Evidence(statement=f"The running kernel is {kernel.release}, build {build}.", source=kernel.uname)
        if kernel.ready is not None:
            ready = kernel.ready
            statement = f"{ready.name} {ready.version} has the fix and would run after a restart."
            yield Evidence(statement=statement, source=f"{ready.manager} database")
