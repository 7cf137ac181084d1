"""Telemetry on disk until the service has acknowledged it."""
