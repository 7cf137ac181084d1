"""The file of more accounts, and the adapter that the settings name."""

from pathlib import Path

import pytest

from openinspector.service.cloud_access import open_cloud
from openinspector.service.cloud_accounts import load_cloud_accounts
from openinspector.service.ports.cloud import CloudError
from openinspector.service.ports.cloud_account import CloudAccount
from openinspector.service.settings import ServiceSettingsError, Settings

_ROLE = "arn:aws:iam::111122223333:role/path/openinspector"
_FILE = f"""
[[account]]
role = "{_ROLE}"
external_id = "only-us"
regions = ["eu-west-1", "eu-central-1"]

[[account]]
role = "arn:aws:iam::444455556666:role/openinspector"

[[account]]
role = "arn:aws:iam::777788889999:role/openinspector"
regions = ["all"]
"""


def _written(folder: Path, text: str) -> Path:
    path = folder / "accounts.toml"
    path.write_text(text)
    return path


def test_accounts_have_their_own_regions_or_the_default(tmp_path: Path) -> None:
    first, second, third = load_cloud_accounts(_written(tmp_path, _FILE), ("us-east-1",))
    regions = ("eu-west-1", "eu-central-1")
    assert first == CloudAccount(id="111122223333", role=_ROLE, external_id="only-us", regions=regions)
    assert (second.id, second.external_id, second.regions) == ("444455556666", "", ("us-east-1",))
    assert third.regions == (), "all that the account has enabled"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[account]", "cannot be read"),
        ('[[account]]\nrole = "openinspector"', "role"),
        ('[[account]]\nexternal_id = "x"', "role"),
        (f'[[account]]\nrole = "{_ROLE}"\nregion = "eu-west-1"', "unknown field `region`"),
        (f'[[account]]\nrole = "{_ROLE}"\nregions = ["EU"]', "regions"),
        (f'[[account]]\nrole = "{_ROLE}"\n' * 2, "more than once"),
    ],
)
def test_a_file_with_a_mistake_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ServiceSettingsError, match=reason):
        load_cloud_accounts(_written(tmp_path, text), ())


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServiceSettingsError, match=r"nothing\.toml"):
        load_cloud_accounts(tmp_path / "nothing.toml", ())


def test_no_account_is_read_by_default() -> None:
    assert open_cloud(Settings(), str) is None


def test_a_folder_is_read_in_place_of_aws(tmp_path: Path) -> None:
    cloud = open_cloud(Settings(cloud="files", cloud_folder=tmp_path / "net"), str)
    assert cloud is not None
    with pytest.raises(CloudError, match="net"):
        cloud.instances()
