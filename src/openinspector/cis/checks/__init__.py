"""Check families, by subject."""
