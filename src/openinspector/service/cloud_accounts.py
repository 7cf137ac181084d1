"""The file of further accounts: TOML, one ``[[account]]`` per account."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Final

import msgspec

from openinspector.service.ports.cloud_account import CloudAccount
from openinspector.service.settings import ServiceSettingsError

ROLE: Final = re.compile(r"arn:(aws|aws-us-gov|aws-cn):iam::(\d{12}):role/[\w+=,.@/-]{1,512}", re.ASCII)
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""
ALL_REGIONS: Final = "all"

_Region = Annotated[str, msgspec.Meta(pattern=r"^(all|[a-z0-9-]{4,32})$")]


class _Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    role: Annotated[str, msgspec.Meta(pattern=rf"^{ROLE.pattern}$")]
    external_id: Annotated[str, msgspec.Meta(pattern=r"^[\w+=,.@:/-]{0,1224}$")] = ""
    regions: tuple[_Region, ...] = ()


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    account: tuple[_Account, ...] = ()


def load_cloud_accounts(path: Path, regions: tuple[str, ...]) -> tuple[CloudAccount, ...]:
    """Return the accounts of a file; those without regions get ``regions``. ServiceSettingsError."""
    try:
        read = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ServiceSettingsError(
            f"the accounts in {path} cannot be read: {error}",
            advice='Write [[account]] with role = "arn:aws:iam::111122223333:role/openinspector".',
        ) from error
    accounts = tuple(
        CloudAccount(
            id=one.role.split(":")[4],
            role=one.role,
            external_id=one.external_id,
            regions=named_regions(one.regions or regions),
        )
        for one in read.account
    )
    twice = {one.id for one in accounts if sum(other.id == one.id for other in accounts) > 1}
    if twice:
        raise ServiceSettingsError(f"{path} names account {min(twice)} more than once", advice="Merge the entries.")
    return accounts


def named_regions(regions: tuple[str, ...]) -> tuple[str, ...]:
    """Return regions in the form of `CloudAccount`: empty means all."""
    return () if ALL_REGIONS in regions else regions
