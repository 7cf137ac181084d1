"""One pass: fetch the offered release, verify it and put it in the slot ``experiment``. Others start it.

Afterwards the link ``experiment`` exists if and only if its trial must start now: leftovers of an earlier pass or trial
are settled first. A pass that is killed at any step leaves complete versions, and at most some files to remove.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from openinspector.agent.connection.http_connection import connect
from openinspector.agent.connection.transport import make_tls_context, proxy_headers
from openinspector.agent.membership.enrolment import enrolled_ca
from openinspector.agent.operation.update_outcome import (
    UpdateCode,
    UpdateError,
    UpdateOutcome,
    load_outcome,
    save_outcome,
)
from openinspector.agent.runtime import open_client
from openinspector.agent.settings.settings import Address, AgentSettings
from openinspector.agent.update.bundle import unpack
from openinspector.agent.update.choice import chosen_release, signed_floor
from openinspector.agent.update.fetcher import Origin, OriginFetcher
from openinspector.agent.update.installation import EXPERIMENT, STABLE, AgentInstallation
from openinspector.agent.update.record import load_record, save_record
from openinspector.agent.update.release_client import ReleaseClient
from openinspector.agent.update.running import check_idle, update_lock
from openinspector.agent.update.service_link import ServiceLink
from openinspector.model.errors import OpenInspectorError
from openinspector.wire.release import Release, SignedRelease, target_name

METADATA_FOLDER: Final = "tuf"
BUNDLE_FILE: Final = "bundle.tar.gz"
_HTTPS_PORT: Final = 443
_TIMEOUT: Final = 20.0
_NOT_REPORTED: Final = frozenset(
    {
        UpdateCode.UP_TO_DATE,
        UpdateCode.PREPARED,
        UpdateCode.STOPPED,
        UpdateCode.UPDATE_DISABLED,
        UpdateCode.AGENT_RUNNING_ASSESSMENT,
        UpdateCode.AGENT_NOT_RUNNING_NO_UPDATE,
        UpdateCode.UPDATE_RUNNING,
        UpdateCode.SERVICE_UNREACHABLE,
    }
)
"""Outcomes that are not reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateHost:
    """The host of a pass, and its clock."""

    settings: AgentSettings
    installation: AgentInstallation
    now: Callable[[], datetime]

    @property
    def state(self) -> Path:
        """The agent's state directory."""
        return self.settings.state_directory


def run_pass(host: UpdateHost) -> UpdateOutcome:
    """Make one pass and return its outcome; raises nothing that a network, a disk or a release can cause."""
    try:
        with update_lock(host.state):
            settled = settle(host)
            outcome = _passed(host)
            # The outcome of a trial matters more than UP_TO_DATE.
            if settled is not None and outcome.result is UpdateCode.UP_TO_DATE:
                return settled
            _keep(host, outcome)
            return outcome
    except UpdateError as error:
        return _outcome(host, error.code, "", str(error))
    except OSError as error:
        return _outcome(host, UpdateCode.PACKAGE_INSTALLATION_ERROR, "", str(error))


def fall_back(host: UpdateHost) -> UpdateOutcome:
    """Make the previous version stable again at an administrator's request; the agent must then be restarted.

    Never goes below the signed minimum release. The abandoned version is not retried automatically.
    """
    try:
        with update_lock(host.state):
            return _gone_back(host)
    except UpdateError as error:
        return _outcome(host, error.code, "", str(error))
    except OSError as error:
        return _outcome(host, UpdateCode.PACKAGE_INSTALLATION_ERROR, "", str(error))


def settle(host: UpdateHost) -> UpdateOutcome | None:
    """Settle leftovers of an earlier pass or trial, and report outcomes to the service. Call it under the lock.

    Returns the outcome of a trial that could not report it. Raises UpdateError and OSError.
    """
    installation = host.installation
    record, tried = load_record(host.state), installation.slot(EXPERIMENT)
    outcome = None
    if tried is not None:
        if tried == installation.slot(STABLE):
            # The power failed between the two links of a promotion.
            outcome = finish_promotion(host, tried, "")
        else:
            if record.on_trial == tried:
                outcome = keep_failure(host, UpdateCode.TRIAL_ENDED_EARLY, tried, "the trial ended without an outcome")
            installation.clear_experiment()
    installation.tidy(record.min_release)
    deliver(host)
    return outcome


def finish_promotion(host: UpdateHost, version: str, details: str) -> UpdateOutcome:
    """Record ``version`` as stable, end its trial and remove unneeded versions; UpdateError, OSError."""
    promoted = host.installation.release(version)
    if promoted is None:
        raise UpdateError(UpdateCode.PACKAGE_INSTALLATION_ERROR, f"the version {version} is damaged")
    record = load_record(host.state).promoted(promoted.release)
    save_record(host.state, record)
    host.installation.clear_experiment()
    left = host.installation.way_back(0) or promoted
    outcome = msgspec.structs.replace(_outcome(host, UpdateCode.UPDATED, version, details), from_version=left.version)
    _keep(host, outcome)
    host.installation.tidy(record.min_release)
    return outcome


def deliver(host: UpdateHost) -> None:
    """Report an outcome that is not reported yet. If that fails, a later pass tries again."""
    outcome = load_outcome(host.state)
    if outcome is None or outcome.reported:
        return
    with suppress(OpenInspectorError, OSError):
        enrolment, _, client = open_client(host.settings)
        ServiceLink(client, enrolment.agent_id).report(outcome)
        save_outcome(host.state, msgspec.structs.replace(outcome, reported=True))


def keep_failure(host: UpdateHost, code: UpdateCode, version: str, details: str) -> UpdateOutcome:
    """Record that a trial failed; return the outcome. Raises UpdateError, OSError."""
    save_record(host.state, load_record(host.state).failed())
    outcome = _outcome(host, code, version, details)
    _keep(host, outcome)
    return outcome


def _gone_back(host: UpdateHost) -> UpdateOutcome:
    record, left = load_record(host.state), host.installation.own
    back = host.installation.way_back(record.min_release)
    if back is None:
        raise UpdateError(
            UpdateCode.RELEASE_REFUSED, f"no earlier version is here that is release {record.min_release} or later"
        )
    save_record(host.state, record.given_up(left.version))
    host.installation.point(STABLE, back.version)
    outcome = _outcome(host, UpdateCode.FELL_BACK, back.version, "restart the agent")
    outcome = msgspec.structs.replace(outcome, from_version=left.version)
    save_outcome(host.state, outcome)
    return outcome


def _passed(host: UpdateHost) -> UpdateOutcome:
    version = ""
    try:
        root = _trusted_root(host)
        check_idle(host.state)
        release = _chosen(host, root)
        if release is None:
            return _outcome(host, UpdateCode.UP_TO_DATE, "", "")
        version = release[1].version
        _prepare(host, *release)
        return _outcome(host, UpdateCode.PREPARED, version, "")
    except UpdateError as error:
        return _outcome(host, error.code, version, str(error))
    except OSError as error:
        return _outcome(host, UpdateCode.PACKAGE_INSTALLATION_ERROR, version, str(error))
    except OpenInspectorError as error:
        return _outcome(host, UpdateCode.SERVICE_UNREACHABLE, version, str(error))


def _trusted_root(host: UpdateHost) -> bytes:
    if not host.settings.auto_update:
        raise UpdateError(UpdateCode.UPDATE_DISABLED, "auto_update is false in the settings")
    root = host.installation.trusted_root()
    if root is None:
        raise UpdateError(UpdateCode.UPDATE_DISABLED, "this build carries no root.json to trust releases by")
    return root


def _chosen(host: UpdateHost, root: bytes) -> tuple[ReleaseClient, SignedRelease] | None:
    """Return the release to install and the client that fetches it; None if there is nothing to do."""
    enrolment, endpoint, client = open_client(host.settings)
    releases = _release_client(host, endpoint, root)
    signed = releases.refresh()
    current = host.installation.own
    record = load_record(host.state).raised(signed_floor(signed, current))
    save_record(host.state, record)
    offered = ServiceLink(client, enrolment.agent_id).offered(current)
    release = None if offered is None else chosen_release(offered, signed, current, record)
    return None if release is None else (releases, release)


def _prepare(host: UpdateHost, releases: ReleaseClient, release: SignedRelease) -> None:
    bundle = host.state / METADATA_FOLDER / BUNDLE_FILE
    plain = Release(**{name: getattr(release, name) for name in Release.__struct_fields__})
    try:
        releases.download(target_name(release.version, release.platform), bundle)
        host.installation.install(plain, partial(unpack, bundle))
    finally:
        bundle.unlink(missing_ok=True)
    # Fetching may have taken minutes.
    check_idle(host.state)
    host.installation.point(EXPERIMENT, release.version)


def _release_client(host: UpdateHost, endpoint: Address, root: bytes) -> ReleaseClient:
    settings = host.settings
    url = settings.update_url or f"https://{endpoint}/releases/"
    parts = urlsplit(url)
    address = Address(host=parts.hostname or "", port=parts.port or _HTTPS_PORT)
    # The authorities given at enrolment apply to the service; the settings may name another server.
    ca_file = settings.ca_file or enrolled_ca(host.state) if address == endpoint else None
    context = make_tls_context(ca_file)
    proxy = settings.proxy_for(address.host)
    through, headers = (proxy.address, proxy_headers(proxy)) if proxy else (None, {})
    origin = Origin(
        scheme=parts.scheme,
        netloc=parts.netloc,
        connect=lambda: connect(address, through, headers, _TIMEOUT, context),
    )
    return ReleaseClient(host.state / METADATA_FOLDER, url, OriginFetcher(origin, time.monotonic), root)


def _outcome(host: UpdateHost, code: UpdateCode, version: str, details: str) -> UpdateOutcome:
    return UpdateOutcome(
        at=host.now(),
        result=code,
        from_version=host.installation.slot(STABLE) or host.installation.own.version,
        to_version=version,
        details=details,
        reported=code in _NOT_REPORTED or not version,
    )


def _keep(host: UpdateHost, outcome: UpdateOutcome) -> None:
    """Save an outcome and report it. An unreported outcome is not overwritten by a less important one."""
    before = load_outcome(host.state)
    if before is not None and not before.reported and outcome.reported:
        return
    save_outcome(host.state, outcome)
    deliver(host)
