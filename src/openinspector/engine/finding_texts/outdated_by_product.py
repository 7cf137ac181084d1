"""Texts of a package that lacks updates of its source and carries none of the vulnerable code."""

from collections.abc import Sequence

from openinspector.engine.attribute_values import some
from openinspector.engine.finding_texts.texts import UPDATE, Texts, plural
from openinspector.model.evidence import Evidence
from openinspector.model.finding import Attribute, OutdatedByProduct


def texts(body: OutdatedByProduct, instance: str) -> Texts:
    """Return the texts on an instance."""
    package = body.package
    reason = f"{package.name} holds only {body.content}, none of the vulnerable code of {body.source}."
    counts = f"Its update closes {_count(body.closed)}." if body.fixed else "No update of it is published."
    rest = f" Without a fix yet: {_count(body.unfixed)} of {body.source}." if body.unfixed else ""
    command = UPDATE.get(package.manager, "update")
    return Texts(
        title=f"Instance {instance} has {package.name} {package.version}, which lacks security updates of its source",
        description=f"{reason} {counts}{rest}",
        recommendation=f"Update {package.name} with the next maintenance ({command} {package.name})."
        if body.fixed
        else f"Remove {package.name} if it is not needed.",
        evidence=Evidence(
            statement=reason,
            source=body.policy,
            because=(
                Evidence(
                    statement=f"{package.name} {package.version} ({package.architecture}) is installed.",
                    source=f"{package.manager} database",
                ),
                *_listed(f"Closed by {body.fixed}", body.closed),
                *_listed("Without a fix", body.unfixed),
            ),
        ),
    )


def attributes(body: OutdatedByProduct) -> tuple[Attribute, ...]:
    """Return the package and the number of vulnerabilities."""
    return (
        *some("package_name", body.package.name),
        *some("package_version", body.package.version),
        *some("fixed_version", body.fixed),
        *some("BY_PRODUCT", body.content),
        Attribute(key="CLOSED_CVES", value=str(len(body.closed))),
        Attribute(key="UNFIXED_CVES", value=str(len(body.unfixed))),
    )


def _listed(label: str, identities: Sequence[str]) -> tuple[Evidence, ...]:
    return (Evidence(statement=f"{label}: {', '.join(identities)}."),) if identities else ()


def _count(identities: Sequence[str]) -> str:
    return plural(len(identities), "vulnerability", "vulnerabilities")
