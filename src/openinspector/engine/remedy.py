"""Remedies: findings that the same action closes, as values to group by."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from openinspector.model.finding import AnyBody, OutdatedByProduct, VulnerablePackages, VulnerableWindows


class RemedyKind(StrEnum):
    """Action that a remedy asks for."""

    UPDATE = "UPDATE"
    RESTART = "RESTART"
    """The fix is installed and comes into force with a restart."""
    NO_FIX = "NO_FIX"
    """No fix is published: remove the package, or limit access to it."""
    FOLLOW = "FOLLOW"
    """Follow the recommendation of the rule."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Remedy:
    """A remedy. Findings with equal remedies are closed together."""

    kind: RemedyKind
    subject: str
    """Source packages or product as advisories name them, or the rule's id."""


def remedy_of(body: AnyBody) -> Remedy:
    """Return the remedy of a finding with this body."""
    match body:
        case VulnerablePackages(packages=packages):
            subject = ", ".join(sorted({one.comparison.name for one in packages}))
            return Remedy(kind=_kind(body), subject=subject)
        case VulnerableWindows(product=product, waiting=waiting):
            return Remedy(kind=RemedyKind.UPDATE if waiting is None else RemedyKind.RESTART, subject=product)
        case OutdatedByProduct(package=package, fixed=fixed):
            return Remedy(kind=RemedyKind.UPDATE if fixed else RemedyKind.NO_FIX, subject=package.name)
        case _:
            return Remedy(kind=RemedyKind.FOLLOW, subject=body.rule_id)


def goals(bodies: Iterable[VulnerablePackages]) -> dict[str, list[str]]:
    """Return the fixed versions that bodies name, by binary package."""
    found: dict[str, dict[str, None]] = {}
    for body in bodies:
        for one in body.packages:
            if one.comparison.fixed:
                found.setdefault(one.package.name, {})[one.comparison.fixed] = None
    return {name: list(versions) for name, versions in found.items()}


def _kind(body: VulnerablePackages) -> RemedyKind:
    ready = [one.kernel is not None and one.kernel.ready is not None for one in body.packages]
    if any(one.comparison.fixed and not waits for one, waits in zip(body.packages, ready, strict=True)):
        return RemedyKind.UPDATE
    return RemedyKind.RESTART if any(ready) else RemedyKind.NO_FIX
