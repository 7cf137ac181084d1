"""What the listener counts, in the names Prometheus scrapes."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Counters:
    """The counters of gateway and API, in a registry of their own so that tests and services do not share any."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._replies = Counter(
            "openinspector_gateway_replies", "Requests carried out.", ["endpoint"], registry=self.registry
        )
        self._refusals = Counter(
            "openinspector_gateway_refusals", "Requests refused, by code.", ["endpoint", "code"], registry=self.registry
        )
        self._alarms = Counter(
            "openinspector_gateway_alarms", "What should never happen: look at it.", ["kind"], registry=self.registry
        )
        self._losses = Counter(
            "openinspector_telemetry_losses", "Telemetry agents had to drop.", ["kind"], registry=self.registry
        )
        self._answers = Counter(
            "openinspector_api_requests",
            "API requests answered, by operation and exception (empty: success).",
            ["operation", "exception"],
            registry=self.registry,
        )
        self._durations = Histogram(
            "openinspector_api_request_seconds",
            "How long API requests took.",
            ["operation"],
            registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self._connections = Gauge(
            "openinspector_connections", "Connections open at the listener.", registry=self.registry
        )
        self._connections_refused = Counter(
            "openinspector_connections_refused",
            "Connections refused, by the limit they met: total, unproven, address, agent, descriptors.",
            ["limit"],
            registry=self.registry,
        )
        self._connections_closed = Counter(
            "openinspector_connections_closed",
            "Connections closed because the peer was too slow or sent too much: handshake, tls, head, body, idle,"
            " write, size, pipeline.",
            ["reason"],
            registry=self.registry,
        )
        self._notifications = Counter(
            "openinspector_notifications",
            "Attempts to tell a subscriber, by its kind and by how they ended; GIVEN_UP: what was tried no more.",
            ["kind", "outcome"],
            registry=self.registry,
        )

    def connections_open(self, number: int) -> None:
        """Set the number of connections that are open."""
        self._connections.set(number)

    def connection_refused(self, limit: str) -> None:
        """Count a connection refused because a limit is reached."""
        self._connections_refused.labels(limit).inc()

    def connection_closed(self, reason: str) -> None:
        """Count a connection closed because of how its peer behaved, or that stayed idle."""
        self._connections_closed.labels(reason).inc()

    def notified(self, kind: str, outcome: str) -> None:
        """Count an attempt to tell a topic or a webhook."""
        self._notifications.labels(kind, outcome).inc()

    def answered(self, operation: str, exception: str, seconds: float) -> None:
        """Count an answer of the API; operation and exception are names of the model, empty where there is none."""
        self._answers.labels(operation, exception).inc()
        self._durations.labels(operation).observe(seconds)

    def replied(self, endpoint: str) -> None:
        """Count a request that was carried out."""
        self._replies.labels(endpoint).inc()

    def refused(self, endpoint: str, code: str) -> None:
        """Count a refusal."""
        self._refusals.labels(endpoint, code).inc()

    def alarm(self, kind: str) -> None:
        """Count something that an honest agent never causes."""
        self._alarms.labels(kind).inc()

    def lost(self, kind: str, number: int) -> None:
        """Count telemetry or instructions an agent says it dropped."""
        self._losses.labels(kind).inc(number)

    def value(self, name: str, **labels: str) -> float:
        """Return a counter by the name it is scraped under, 0 where it never counted."""
        return self.registry.get_sample_value(name, labels) or 0.0
