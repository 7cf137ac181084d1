"""ApiServices: the dependencies of API operations."""

from dataclasses import dataclass

from openinspector.model.arn import ArnRealm
from openinspector.service.app.access_keys import AccessKeys
from openinspector.service.app.counters import Counters
from openinspector.service.app.pagination import PageTokens
from openinspector.service.app.signed_links import SignedLinks
from openinspector.service.app.temporary_credentials import TemporaryCredentials
from openinspector.service.app.use_cases import UseCases
from openinspector.service.ports.audit_log import AuditLog
from openinspector.service.ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServices:
    """The use cases behind the API, and the credentials of its users."""

    app: UseCases
    access_keys: AccessKeys
    temporary_credentials: TemporaryCredentials
    tokens: PageTokens
    report_links: SignedLinks
    export_links: SignedLinks
    audit: AuditLog
    counters: Counters
    realm: ArnRealm
    clock: Clock
