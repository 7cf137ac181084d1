"""The API client of the command line: boto3, configured as for any AWS service.

Endpoint, authority and keys come from options or from what boto3 reads itself: AWS_ENDPOINT_URL_INSPECTOR,
AWS_CA_BUNDLE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.client import BaseClient
    from botocore.model import OperationModel

P = ParamSpec("P")
R = TypeVar("R")
Item = Mapping[str, Any]
"""One object of an API answer, as boto3 gives it."""

OWN_SERVICE = "openinspector"
REFUSED = 1
UNREACHABLE = 3
_DESCRIBE_BATCH = 10


def make_client(
    endpoint_url: str | None, ca_bundle: str | None, profile: str | None, service: str = "inspector"
) -> "BaseClient":
    """Return a boto3 client; raises UsageError if the endpoint is missing, or endpoint or authority are invalid."""
    from botocore.config import Config

    url = _checked_place(endpoint_url, ca_bundle)
    session = make_session(profile)
    client = session.client(
        service,
        endpoint_url=url,
        verify=ca_bundle,
        region_name=session.region_name or "us-east-1",
        config=Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5),
    )
    client.meta.events.register("after-call", _refuse_denied)
    return client


def make_session(profile: str | None = None) -> "Session":
    """Return a boto3 session that knows our additional operations too (ADR 43)."""
    import boto3
    import botocore.session

    core = botocore.session.Session(profile=profile)
    core.get_component("data_loader").search_paths.append(str(files("openinspector.service.api").joinpath("models")))
    return boto3.Session(botocore_session=core)


def with_client(command: Callable[Concatenate["BaseClient", P], R]) -> Callable[P, R]:
    """Give a command the options that select the service, and a client built from them as first argument."""
    return _with_client(command, "inspector")


def with_own_client(command: Callable[Concatenate["BaseClient", P], R]) -> Callable[P, R]:
    """Do the same with a client of our additional operations (ADR 43)."""
    return _with_client(command, OWN_SERVICE)


def own_client() -> "BaseClient":
    """Return a client of our additional operations for the service that the running command's options select."""
    options = click.get_current_context().params
    return make_client(options["endpoint_url"], options["ca_bundle"], options["profile"], OWN_SERVICE)


def _with_client(command: Callable[Concatenate["BaseClient", P], R], service: str) -> Callable[P, R]:
    @click.option("--endpoint-url", metavar="URL", help="URL of the service; default AWS_ENDPOINT_URL_INSPECTOR.")
    @click.option("--ca-bundle", metavar="FILE", help="Authority to trust; default AWS_CA_BUNDLE.")
    @click.option("--profile", metavar="NAME", help="Profile of the AWS configuration; default AWS_PROFILE.")
    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        options = {name: kwargs.pop(name, None) for name in ("endpoint_url", "ca_bundle", "profile")}
        with reported_errors():
            client = make_client(**options, service=service)  # type: ignore[arg-type]  # click gives text
            return command(client, *args, **kwargs)

    return wrapped


def _refuse_denied(parsed: Mapping[str, Any], model: "OperationModel", **_: object) -> None:
    """Raise an error if a batch was denied: the service reports it for each item only, and returns no results."""
    from botocore.exceptions import ClientError

    if any(item["failureCode"] == "ACCESS_DENIED" for item in parsed.get("failedItems", {}).values()):
        message = f"The access key may not do {model.name}."
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, model.name)


def _checked_place(endpoint_url: str | None, ca_bundle: str | None) -> str:
    """Return the service's URL. Refuse one that is not https, and an authority that is not a file."""
    url = endpoint_url or os.environ.get("AWS_ENDPOINT_URL_INSPECTOR") or os.environ.get("AWS_ENDPOINT_URL")
    if not url:
        raise click.UsageError("name the service: --endpoint-url https://… or AWS_ENDPOINT_URL_INSPECTOR")
    if not re.fullmatch(r"https://[^\s/]+/?", url):
        raise click.UsageError(f"the service is at https://HOST[:PORT], not {url!r}")
    bundle = ca_bundle or os.environ.get("AWS_CA_BUNDLE")
    if bundle and not os.path.isfile(bundle):  # noqa: PTH113 - a text for boto3, as it is
        raise click.UsageError(f"there is no file {bundle} with the authority to trust")
    return url


class reported_errors:  # noqa: N801 - reads as the statement it is used in
    """Turns exceptions of boto3 into one line and an exit status."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        """Report ``error`` and leave, if it is one of boto3's."""
        if error is None or not type(error).__module__.startswith("botocore"):
            return
        from botocore.exceptions import ClientError, NoCredentialsError, ParamValidationError, ProfileNotFound

        if isinstance(error, ClientError):
            click.echo(
                f"openinspector: {error.response['Error']['Code']}: {error.response['Error']['Message']}", err=True
            )
            sys.exit(REFUSED)
        if isinstance(error, NoCredentialsError):
            raise click.UsageError(
                "no access key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or --profile"
            ) from error
        if isinstance(error, ParamValidationError | ProfileNotFound):
            raise click.UsageError(str(error)) from error
        click.echo(f"openinspector: cannot connect to the service: {error}", err=True)
        click.echo("Is `openinspector serve` running, and are --endpoint-url and --ca-bundle right?", err=True)
        sys.exit(UNREACHABLE)


def arns(client: "BaseClient", operation: str, member: str, **arguments: object) -> Iterator[str]:
    """Yield every ARN of a list operation, page after page."""
    for page in client.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": 100}):
        yield from page[member]


def described(
    client: "BaseClient", operation: str, argument: str, member: str, wanted: Sequence[str]
) -> Iterator[Item]:
    """Yield the items of a describe operation, ten ARNs at a time."""
    for start in range(0, len(wanted), _DESCRIBE_BATCH):
        answer = getattr(client, operation)(**{argument: list(wanted[start : start + _DESCRIBE_BATCH])})
        yield from answer[member]
