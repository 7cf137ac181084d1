"""An account that the service reads."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudAccount:
    """One account of AWS."""

    id: str
    """12 digits."""
    role: str = ""
    """ARN of the role to assume in it; empty: the service's own credentials are of this account."""
    external_id: str = ""
    """The id that the role's trust policy demands.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
    """
    regions: tuple[str, ...] = ()
    """Regions to read; empty: all that the account has enabled."""
