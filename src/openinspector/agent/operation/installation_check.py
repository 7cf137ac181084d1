"""The checks of `check`: everything that could prevent the agent from working.

Nothing is changed, except that a missing log file is created, as the agent would.
"""

import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from openinspector.agent.connection.transport import JSON, GatewayRoute, GatewayTransport, make_tls_context
from openinspector.agent.files.atomic_file import is_open_to_others, open_own_folder
from openinspector.agent.files.state_lock import running_agent
from openinspector.agent.files.windows_acl import ADVICE, others_may_access, read_access
from openinspector.agent.identity import KEY_FILE, load_or_make_key
from openinspector.agent.membership.enrolment import EnrolmentError, EnrolmentRecord, enrolled_ca, load_enrolment
from openinspector.agent.operation.log_file import LogFile
from openinspector.agent.session.reply import Accepted, describe_failure
from openinspector.agent.settings.settings import (
    DEFAULT_STATE,
    PREFIX,
    PRISTINE_SUFFIX,
    Address,
    AgentSettings,
    environment_file,
    load_settings,
    parse_endpoint,
    settings_file,
)
from openinspector.model.errors import OpenInspectorError, WireError
from openinspector.wire.codec import decode_json
from openinspector.wire.message import Challenge

SOON: Final = timedelta(days=30)
"""Certificates that expire within this time cause a warning."""
_CHALLENGE: Final = msgspec.json.Decoder(Challenge)
_LONGEST_CHALLENGE: Final = timedelta(hours=1)


class CheckVerdict(StrEnum):
    """The result of a check."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check and its result."""

    name: str
    verdict: CheckVerdict
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """The input of the checks."""

    settings_file: Path | None
    environment: Mapping[str, str]
    now: datetime
    connect: bool
    """True to connect to the service as well."""
    service_file: Path | None = None
    """The settings file of a service that is installed here with the default state directory; None if there is none."""


def check_installation(place: CheckContext) -> Iterator[CheckResult]:
    """Yield results, in the order in which an agent needs them; raises nothing."""
    try:
        settings = load_settings(place.settings_file, place.environment)
    except OpenInspectorError as error:
        yield _failed("settings", error)
        return
    yield _settings(place)
    yield from _moved_state(place, settings)
    yield _proxy(place, settings)
    state = _state(settings.state_directory)
    yield state
    record = None
    if state.verdict is not CheckVerdict.FAILED:
        try:
            record = _enrolment(settings)
            yield _ok("enrolment", f"{record.agent_id} of {record.endpoint}")
        except OpenInspectorError as error:
            yield _failed("enrolment", error)
        yield _space(settings)
        yield _running(settings.state_directory)
    ca_file = settings.ca_file or (enrolled_ca(settings.state_directory) if record else None)
    yield _authorities(ca_file, place.now)
    yield _log(settings)
    if place.connect:
        yield _service(settings, ca_file, parse_endpoint(record.endpoint) if record else settings.endpoint, place.now)


def _settings(place: CheckContext) -> CheckResult:
    found = settings_file(place.settings_file, place.environment)
    if found is None:
        return _ok("settings", "no settings file: defaults and environment")
    if found.name.endswith(PRISTINE_SUFFIX):
        advice = "`openinspector-agent start` copies it back."
        return _warning("settings", f"the settings file is gone; {found} is read instead", advice)
    return _ok("settings", str(found))


def _moved_state(place: CheckContext, settings: AgentSettings) -> Iterator[CheckResult]:
    """Report a state directory that units, init script and updater do not know: with it, nothing would run."""
    file = place.settings_file or settings_file(None, place.environment)
    by_hand = PREFIX + "STATE_DIRECTORY" in place.environment
    if (
        file is not None
        and file == place.service_file
        and not by_hand
        and settings.state_directory != Path(DEFAULT_STATE)
    ):
        yield _wrong(
            "state_directory",
            f"{file} names {settings.state_directory}, but the installed service uses {DEFAULT_STATE}",
            f"Take the line out; to have the state elsewhere, mount that folder at {DEFAULT_STATE}.",
        )


def _proxy(place: CheckContext, settings: AgentSettings) -> CheckResult:
    file = environment_file(place.settings_file, place.environment)
    if settings.proxy is None:
        return _ok("proxy", "none")
    with_password = settings.proxy.authorization is not None
    if with_password and file.exists() and _everyone_may_read(file):
        command = ADVICE.format(path=file) if sys.platform == "win32" else f"chmod 600 {file}"
        return _warning("proxy", f"everyone may read the proxy's password in {file}", f"Run: {command}")
    return _ok("proxy", f"{settings.proxy.address}{', with a password' if with_password else ''}")


def _everyone_may_read(file: Path) -> bool:
    if sys.platform == "win32":
        return others_may_access(read_access(file))
    else:  # noqa: RET505 - the type checker sees one of the two
        return bool(stat.S_IMODE(file.stat().st_mode) & 0o044)


def _state(state: Path) -> CheckResult:
    try:
        is_open = _is_open_to_others(state)
    except FileNotFoundError as error:
        return _wrong("state directory", f"{state}: {error.strerror}", "Enrol this host, as root.")
    except OSError as error:
        advice = "Ask as root; state_directory must be a folder that only root may use."
        return _wrong("state directory", f"{state} cannot be used: {error.strerror}", advice)
    if is_open:
        command = ADVICE.format(path=state) if sys.platform == "win32" else f"chmod 700 {state}"
        return _warning("state directory", f"others may look into {state}", f"Run: {command}")
    return _ok("state directory", str(state))


def _is_open_to_others(state: Path) -> bool:
    """Return True if others can access a folder of the agent. Raises OSError if the folder is not the agent's."""
    if sys.platform == "win32":
        return others_may_access(read_access(state))
    else:  # noqa: RET505 - the type checker sees one of the two
        descriptor = open_own_folder(state)
        try:
            return is_open_to_others(descriptor)
        finally:
            os.close(descriptor)


def _enrolment(settings: AgentSettings) -> EnrolmentRecord:
    state = settings.state_directory
    if not os.path.lexists(state / KEY_FILE):
        raise EnrolmentError(
            f"this host has no key: there is no {state / KEY_FILE}",
            advice="Enrol it: openinspector-agent enrol --endpoint URL --token TOKEN --ca FILE",
        )
    record = load_enrolment(state, load_or_make_key(state))
    if settings.endpoint is not None and settings.endpoint != parse_endpoint(record.endpoint):
        raise EnrolmentError(
            f"this host is enrolled at {record.endpoint}, but the settings name https://{settings.endpoint}",
            advice="Enrol it at the other service, or take endpoint out of the settings.",
        )
    return record


def _authorities(file: Path | None, now: datetime) -> CheckResult:
    try:
        make_tls_context(file)
    except OpenInspectorError as error:
        return _failed("authorities", error)
    if file is None:
        return _ok("authorities", "the system's own")
    return _validity(file, now)


def _validity(file: Path, now: datetime) -> CheckResult:
    """Judge the validity: one valid authority is enough, and bundles often contain expired ones."""
    ends = _ends(file)
    good = [end for end in ends if end > now]
    if not good:
        found = f"no certificate in {file} is valid; the last one expired on {ends[-1]:%Y-%m-%d}"
        return _wrong("authorities", found, "Enrol with a new ca_file.")
    if len(good) < len(ends):
        ended = len(ends) - len(good)
        found = f"{ended} of {len(ends)} certificates in {file} expired; the others are valid until {good[0]:%Y-%m-%d}"
        return _warning(
            "authorities",
            found,
            "Remove expired certificates, and check that the service's authority is not among them.",
        )
    if good[0] <= now + SOON:
        found = f"a certificate in {file} ends on {good[0]:%Y-%m-%d}"
        return _warning("authorities", found, "Get its successor in time.")
    return _ok("authorities", f"{file}, good until {good[0]:%Y-%m-%d}")


def _ends(file: Path) -> list[datetime]:
    """Return the expiry dates of a file's certificates, ascending."""
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - for this command only

    return sorted(certificate.not_valid_after_utc for certificate in load_pem_x509_certificates(file.read_bytes()))


def _space(settings: AgentSettings) -> CheckResult:
    free = shutil.disk_usage(settings.state_directory).free
    space = f"{free // 2**20} MiB free, up to {settings.spool_bytes // 2**20} MiB wanted"
    if free < settings.spool_bytes:
        return _warning("spool", space, "Make room, or set spool_bytes lower; what does not fit is lost, and counted.")
    return _ok("spool", space)


def _log(settings: AgentSettings) -> CheckResult:
    if settings.log_file is None:
        return _ok("log", "standard error (with systemd: journalctl -u openinspector-agent)")
    try:
        LogFile(settings.log_file, settings.log_bytes, settings.log_files).close()
    except OpenInspectorError as error:
        return _failed("log", error)
    return _ok("log", str(settings.log_file))


def _running(state: Path) -> CheckResult:
    agent = running_agent(state)
    if agent is None:
        return _warning("agent", "not running", "Start it: openinspector-agent start")
    return _ok("agent", f"running{f' (pid {agent.pid})' if agent.pid else ''}")


def _service(settings: AgentSettings, ca_file: Path | None, endpoint: Address | None, now: datetime) -> CheckResult:
    if endpoint is None:
        return _wrong("service", "no endpoint is known", "Enrol this host, or set endpoint.")
    try:
        context = make_tls_context(ca_file)
    except OpenInspectorError as error:
        return _failed("service", error)
    transport = GatewayTransport(
        GatewayRoute(gateway=endpoint, proxy=settings.proxy_for(endpoint.host)), context, time.monotonic
    )
    reply = transport.post("/agent/v1/challenge", b"", {"content-type": JSON, "accept": JSON})
    transport.close()
    if not isinstance(reply, Accepted):
        advice = "See the table of messages in docs/howto/operate-the-agent.md."
        return _wrong("service", describe_failure(reply), advice)
    try:
        ends = decode_json(reply.body, _CHALLENGE, "the challenge").expires_at
    except WireError:
        advice = "Is the endpoint the service, and does no portal or proxy answer in its place?"
        return _wrong("service", f"https://{endpoint} answers, but not as the service does", advice)
    if not now < ends <= now + _LONGEST_CHALLENGE:
        advice = "Set this host's clock (NTP): requests dated more than 5 minutes off are refused."
        return _wrong("service", f"https://{endpoint} answers, and its clock is not this host's", advice)
    return _ok("service", f"https://{endpoint} answers")


def _ok(name: str, found: str) -> CheckResult:
    return CheckResult(name=name, verdict=CheckVerdict.OK, found=found)


def _warning(name: str, found: str, advice: str) -> CheckResult:
    return CheckResult(name=name, verdict=CheckVerdict.WARNING, found=found, advice=advice)


def _wrong(name: str, found: str, advice: str) -> CheckResult:
    return CheckResult(name=name, verdict=CheckVerdict.FAILED, found=found, advice=advice)


def _failed(name: str, error: OpenInspectorError) -> CheckResult:
    return _wrong(name, str(error), error.advice)
