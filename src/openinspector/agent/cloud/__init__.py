"""The client of the instance metadata service."""
