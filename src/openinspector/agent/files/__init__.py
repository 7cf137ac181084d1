"""Atomic writes, locks, access lists and open flags: what everything on disk rests on."""
