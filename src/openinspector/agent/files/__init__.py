"""Atomic writes, locks, access lists and open flags: the basis of everything on disk."""
