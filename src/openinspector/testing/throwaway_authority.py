"""A temporary certificate authority for real TLS on loopback."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

from openinspector.service.certificates import Certificates, ensure_certificates


class ThrowawayAuthority:
    """Issues certificates into ``folder``, as the service's embedded authority does; clients trust ``ca_file``."""

    def __init__(self, folder: Path, name: str = "throwaway") -> None:
        self._folder = folder / name
        self.ca_file = self._issued("127.0.0.1").ca

    def server_context(self, host: str = "127.0.0.1") -> ssl.SSLContext:
        """Return a server's context with a certificate for ``host``."""
        issued = self._issued(host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(issued.certificate, issued.key)
        return context

    def client_context(self) -> ssl.SSLContext:
        """Return a context that trusts this authority and no other."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    def _issued(self, host: str) -> Certificates:
        return ensure_certificates(self._folder, (host,), datetime.now(UTC))
