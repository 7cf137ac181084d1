"""Opens the adapter of the port `cloud` that the settings select."""

from collections.abc import Callable

from openinspector.service.app.access_role import role_to_assume
from openinspector.service.cloud_accounts import load_cloud_accounts, named_regions
from openinspector.service.ports.cloud import CloudAccounts
from openinspector.service.ports.cloud_account import CloudAccount
from openinspector.service.ports.role_store import RoleStore
from openinspector.service.settings import Settings
from openinspector.service.system_clock import SystemClock


def open_cloud(settings: Settings, home_role: Callable[[], str]) -> CloudAccounts | None:
    """Return the accounts; None if the settings name none. ServiceSettingsError.

    ``home_role`` returns the ARN of the role that reads the installation's own account, "" for the service's own
    credentials.
    """
    match settings.cloud:
        case "files" if settings.cloud_folder is not None:
            from openinspector.service.stores.cloud_files import FilesCloud  # noqa: PLC0415 - only where it is used

            return FilesCloud(settings.cloud_folder)
        case "aws":
            return _aws(settings, home_role)
        case _:
            return None


def home_role(roles: RoleStore) -> Callable[[], str]:
    """Return a function that returns the registered role of the installation's account, "" if none is to be assumed."""

    def registered() -> str:
        role = roles.get()
        return role_to_assume(role.arn) if role is not None else ""

    return registered


def _aws(settings: Settings, home_role: Callable[[], str]) -> CloudAccounts:
    from openinspector.service.stores.cloud_aws.cloud import AwsCloud  # noqa: PLC0415 - botocore, where it is used
    from openinspector.service.stores.cloud_aws.sessions import AwsConnection  # noqa: PLC0415

    regions = settings.cloud_regions or (settings.region,)
    path = settings.cloud_accounts_file
    others = load_cloud_accounts(path, regions) if path is not None else ()

    def accounts() -> tuple[CloudAccount, ...]:
        home = CloudAccount(
            id=settings.account,
            role=home_role(),
            external_id=settings.cloud_external_id,
            regions=named_regions(regions),
        )
        return (home, *(one for one in others if one.id != home.id))

    connection = AwsConnection(home_region=settings.region, endpoint=settings.cloud_endpoint or None)
    return AwsCloud(accounts, connection, SystemClock(), extra_reads=settings.reach_extra_reads == "yes")
