"""Enrolment and key rotation: how a host becomes and stays an agent of a service."""
