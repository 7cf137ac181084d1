"""Counters of the listener, under their Prometheus names."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Counters:
    """Counters of gateway and API, in a separate registry so that tests and services share none."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._replies = Counter(
            "openinspector_gateway_replies", "Requests carried out.", ["endpoint"], registry=self.registry
        )
        self._refusals = Counter(
            "openinspector_gateway_refusals", "Requests refused, by code.", ["endpoint", "code"], registry=self.registry
        )
        self._alarms = Counter(
            "openinspector_gateway_alarms",
            "Events that honest agents never cause; investigate them.",
            ["kind"],
            registry=self.registry,
        )
        self._losses = Counter(
            "openinspector_telemetry_losses", "Telemetry that agents dropped.", ["kind"], registry=self.registry
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
            "Delivery attempts by kind of subscriber and outcome; GIVEN_UP: no more retries.",
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
        """Count a delivery attempt to a topic or webhook."""
        self._notifications.labels(kind, outcome).inc()

    def answered(self, operation: str, exception: str, seconds: float) -> None:
        """Count an API response; operation and exception are names of the model, or empty."""
        self._answers.labels(operation, exception).inc()
        self._durations.labels(operation).observe(seconds)

    def replied(self, endpoint: str) -> None:
        """Count a successful request."""
        self._replies.labels(endpoint).inc()

    def refused(self, endpoint: str, code: str) -> None:
        """Count a refused request."""
        self._refusals.labels(endpoint, code).inc()

    def alarm(self, kind: str) -> None:
        """Count an event that an honest agent never causes."""
        self._alarms.labels(kind).inc()

    def lost(self, kind: str, number: int) -> None:
        """Count telemetry or instructions that an agent reports as dropped."""
        self._losses.labels(kind).inc(number)

    def value(self, name: str, **labels: str) -> float:
        """Return the value of a counter by its Prometheus name; 0 if it never counted."""
        return self.registry.get_sample_value(name, labels) or 0.0
