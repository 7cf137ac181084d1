"""Enrolment and key rotation of a host."""
