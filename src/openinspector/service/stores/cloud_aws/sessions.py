"""Sessions of accounts: with the service's own credentials, or with those of a role that are renewed in time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from threading import Lock
from typing import Any, Final

from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.session import Session

from openinspector.service.ports.cloud import CloudError, RoleProblem
from openinspector.service.ports.cloud_account import CloudAccount

_SESSION_NAME: Final = "openinspector"
_CONNECT_SECONDS: Final = 10
_READ_SECONDS: Final = 60
_CONNECTIONS: Final = 4


@cache
def _loader() -> Any:
    """Return the loader of botocore's models. It takes seconds to read them, once."""
    return Session().get_component("data_loader")


def new_session() -> Any:
    """Return a session of botocore that shares the models with the others."""
    session = Session()
    session.register_component("data_loader", _loader())
    return session


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsConnection:
    """How AWS is reached."""

    home_region: str
    """Region whose STS assumes the roles and whose EC2 lists an account's regions."""
    endpoint: str | None = None
    """URL of all services, as for a simulator; None: AWS's own."""
    attempts: int = 8
    """Maximum number of attempts of a call."""
    new_session: Callable[[], Any] = new_session


@dataclass(frozen=True, slots=True)
class AccountSession:
    """One account. Clients may be made from any thread."""

    account: CloudAccount
    connection: AwsConnection
    _session: Any
    _lock: Lock = field(default_factory=Lock)

    def client(self, service: str, region: str) -> Any:
        """Return a client; BotoCoreError. Sessions of botocore do not make several at once."""
        with self._lock:
            return self._session.create_client(
                service, region_name=region, endpoint_url=self.connection.endpoint, config=_config(self.connection)
            )


def open_session(account: CloudAccount, connection: AwsConnection) -> AccountSession:
    """Return a session whose credentials were obtained once; CloudError with the problem of the role."""
    session = connection.new_session()
    try:
        if account.role:
            _assume(session, account, connection)
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        credentials.get_frozen_credentials()
    except ClientError as error:
        raise CloudError(
            f"the role {account.role} cannot be assumed: {error}",
            advice="Check that it exists, trusts the service's principal, and that the external id is the same.",
            problem=RoleProblem.NO_TRUST,
        ) from error
    except BotoCoreError as error:
        raise CloudError(
            f"account {account.id} cannot be read: {error}",
            advice="Give the service credentials of AWS, and a way to its endpoints.",
        ) from error
    return AccountSession(account, connection, session)


def _config(connection: AwsConnection) -> Config:
    return Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        max_pool_connections=_CONNECTIONS,
        retries={"mode": "adaptive", "total_max_attempts": connection.attempts},
    )


class _AssumedRole(CredentialProvider):  # type: ignore[misc]  # botocore has no types
    """The only source of a session's credentials: a role, assumed again before it expires."""

    METHOD = "assume-role"

    def __init__(self, fetcher: AssumeRoleCredentialFetcher) -> None:
        super().__init__()
        self._fetcher = fetcher

    def load(self) -> Any:
        """Return credentials that are fetched when they are used first."""
        return DeferredRefreshableCredentials(method=self.METHOD, refresh_using=self._fetcher.fetch_credentials)


def _assume(session: Any, account: CloudAccount, connection: AwsConnection) -> None:
    source = connection.new_session().get_credentials()
    if source is None:
        raise NoCredentialsError
    extra = {"RoleSessionName": _SESSION_NAME} | ({"ExternalId": account.external_id} if account.external_id else {})
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=partial(
            session.create_client,
            region_name=connection.home_region,
            endpoint_url=connection.endpoint,
            config=_config(connection),
        ),
        source_credentials=source,
        role_arn=account.role,
        extra_args=extra,
    )
    session.register_component("credential_provider", CredentialResolver(providers=[_AssumedRole(fetcher)]))
