"""Quotas (table 9 of the facts, decisions)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """Maximum numbers."""

    instances: int = 500
    """Hosts in all running assessments."""
    resource_groups: int = 1_000
    targets: int = 50
    templates: int = 500
    runs: int = 50_000
    subscriptions: int = 50
    """Event subscriptions of one template (decisions), and webhooks of one."""
