"""openinspector: self-hosted host assessment with the API of Amazon Inspector Classic."""

__version__ = "0.1.0"
