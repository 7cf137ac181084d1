"""ReleaseError: the release tooling refuses, and says what is missing."""

from openinspector.model.errors import OpenInspectorError


class ReleaseError(OpenInspectorError):
    """A ceremony or publication that cannot go on: signatures missing, a key that is not of the role, an old file."""
