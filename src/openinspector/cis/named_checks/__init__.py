"""Checks that control tables name without parameters, and the groups of checks that belong together, by subject."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from openinspector.cis.check import Check
from openinspector.cis.named_checks import (
    account_checks,
    audit_checks,
    desktop_checks,
    file_checks,
    log_checks,
    login_checks,
    software_checks,
    system_checks,
)

NAMED: Final[Mapping[str, Check | tuple[Check, ...]]] = MappingProxyType(
    {
        **account_checks.CHECKS,
        **file_checks.CHECKS,
        **login_checks.CHECKS,
        **log_checks.CHECKS,
        **audit_checks.CHECKS,
        **system_checks.CHECKS,
        **software_checks.CHECKS,
        **desktop_checks.CHECKS,
    }
)
"""Checks and groups of checks without parameters."""
